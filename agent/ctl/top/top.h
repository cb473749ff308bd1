/* SPDX-License-Identifier: Apache-2.0 */
/* uswapctl top: asks the agent every two seconds and shows what has changed, until it is ended. */
#pragma once

/*
 * Goes on when the agent ends, and takes up the next one. 0; -ENOTTY: there is no terminal;
 * -ENOMEM.
 */
int top_run(const char *socket_path);
