/* SPDX-License-Identifier: Apache-2.0 */
/* Prints the metrics of a node and a group: all names there are, for what is checked against them.
 */
#include "agent/control/metrics.h"

#include <stdlib.h>

int main(void)
{
	struct group_status group = {.path = "a\"\\x2d\\\n\xff.slice"};
	struct node_status node = {.answered = true, .n_groups = 1, .groups = &group};
	const struct agent_status status = {.version = "0", .n_nodes = 1, .nodes = &node};

	return metrics_write(&status, 1, stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
