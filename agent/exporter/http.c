/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/exporter/http.h"

#include "agent/ctl/client.h"
#include "agent/exporter/openmetrics.h"
#include "base/clock.h"

#include <errno.h>
#include <microhttpd.h>
#include <string.h>

#define CONNECTIONS_MAX	 16U
#define SILENCE_S	 10U
#define REQUEST_BYTES	 ((size_t)16 << 10)
#define ASK_NS		 (2 * NSEC_PER_SEC)
#define FRESH_NS	 NSEC_PER_SEC

#define TEXT_TYPE	 "text/plain; version=0.0.4; charset=utf-8"
#define OPENMETRICS_TYPE "application/openmetrics-text; version=1.0.0; charset=utf-8"

enum form { FORM_TEXT, FORM_OPENMETRICS, FORMS };

/* Only its one thread looks at it after the start. */
struct http {
	struct MHD_Daemon *daemon;
	char *socket_path;
	struct {
		struct MHD_Response *response;
		uint64_t until_ns;
	} kept[FORMS];
};

/* The agent's metrics, whole; the caller frees them. */
static int fetch(const struct http *http, char **ret_text, size_t *ret_n)
{
	static const char end[] = "\n# EOF";
	_cleanup_free_ char *text = NULL;
	size_t n;
	int r = client_ask(http->socket_path, "{\"request\":\"metrics\"}", ASK_NS, &text, &n);

	if (r < 0)
		return r;
	if (n < sizeof(end) || strcmp(text + n - (sizeof(end) - 1), end) != 0)
		return -EPROTO;
	/* The last newline was taken off, and there is room for it. */
	text[n++] = '\n';
	*ret_text = TAKE_PTR(text);
	*ret_n = n;
	return 0;
}

static struct MHD_Response *make_response(char *text, size_t n, const char *type)
{
	struct MHD_Response *response =
		MHD_create_response_from_buffer(n, text, MHD_RESPMEM_MUST_FREE);

	if (!response)
		free(text);
	else
		(void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	return response;
}

/* Who asks again within a second is told the same. NULL: the agent does not answer. */
static struct MHD_Response *metrics(struct http *http, enum form form)
{
	uint64_t now_ns = clock_now_ns();
	struct MHD_Response *response;
	char *text;
	size_t n;

	if (http->kept[form].response && now_ns < http->kept[form].until_ns)
		return http->kept[form].response;
	if (fetch(http, &text, &n) < 0)
		return NULL;
	if (form == FORM_OPENMETRICS)
		n = openmetrics_from_text(text, n);
	response = make_response(text, n, form == FORM_OPENMETRICS ? OPENMETRICS_TYPE : TEXT_TYPE);
	if (!response)
		return NULL;
	/* Those that still send the old one have it as long as they need it. */
	if (http->kept[form].response)
		MHD_destroy_response(http->kept[form].response);
	http->kept[form].response = response;
	http->kept[form].until_ns = clock_now_ns() + FRESH_NS;
	return response;
}

static enum MHD_Result refuse(struct MHD_Connection *connection, unsigned int status,
			      const char *text)
{
	struct MHD_Response *response =
		MHD_create_response_from_buffer(strlen(text), (void *)text, MHD_RESPMEM_PERSISTENT);
	enum MHD_Result r;

	if (!response)
		return MHD_NO;
	(void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "text/plain");
	if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
		(void)MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
	r = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return r;
}

static enum MHD_Result answer(void *context, struct MHD_Connection *connection, const char *url,
			      const char *method, const char *version, const char *upload,
			      size_t *upload_n, void **of_request)
{
	struct MHD_Response *response;
	const char *accepts;
	enum form form;

	(void)version;
	(void)upload;
	(void)upload_n;
	(void)of_request;
	if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
		return refuse(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "only GET and HEAD\n");
	if (strcmp(url, "/metrics") != 0)
		return refuse(connection, MHD_HTTP_NOT_FOUND, "the metrics are at /metrics\n");
	accepts = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_ACCEPT);
	form = accepts && strstr(accepts, "application/openmetrics-text") ? FORM_OPENMETRICS
									  : FORM_TEXT;
	response = metrics(context, form);
	if (!response)
		return refuse(connection, MHD_HTTP_SERVICE_UNAVAILABLE, "uswapd does not answer\n");
	return MHD_queue_response(connection, MHD_HTTP_OK, response);
}

int http_start(int listen_fd, const char *socket_path, struct http **ret_http)
{
	_cleanup_(http_stopp) struct http *http = calloc(1, sizeof(*http));

	if (http)
		http->socket_path = strdup(socket_path);
	if (!http || !http->socket_path) {
		fd_close(listen_fd);
		return -ENOMEM;
	}
	http->daemon = MHD_start_daemon(
		MHD_USE_AUTO | MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_ITC, 0, NULL, NULL, answer,
		http, MHD_OPTION_LISTEN_SOCKET, listen_fd, MHD_OPTION_CONNECTION_LIMIT,
		CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT, SILENCE_S,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, REQUEST_BYTES, MHD_OPTION_END);
	if (!http->daemon) {
		fd_close(listen_fd);
		return -EIO;
	}
	*ret_http = TAKE_PTR(http);
	return 0;
}

struct http *http_stop(struct http *http)
{
	if (!http)
		return NULL;
	if (http->daemon) {
		/* Or it would shut the socket down, which systemd goes on listening on. */
		int listen_fd = MHD_quiesce_daemon(http->daemon);

		MHD_stop_daemon(http->daemon);
		fd_close(listen_fd);
	}
	for (size_t i = 0; i < FORMS; i++)
		if (http->kept[i].response)
			MHD_destroy_response(http->kept[i].response);
	free(http->socket_path);
	free(http);
	return NULL;
}
