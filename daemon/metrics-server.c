/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The HTTP side of it, by libmicrohttpd. */
#include <errno.h>
#include <microhttpd.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/metrics.h"

#define CONNECTIONS 32
#define CONNECTION_OCTETS 8192 /* request line and header */
#define IDLE_SECONDS 5
#define LIFE_US (10 * G_USEC_PER_SEC) /* of a connection, however busy */

G_DEFINE_QUARK(pli-metrics-error, pli_metrics_error)

typedef struct {
	int fd;
	gint64 end_us;
	GList link;
} Client;

struct PliMetrics {
	struct MHD_Daemon *http;
	GThread *thread;
	int epoll, stop;
	const PliCounters **counters;
	guint n_counters;
	GQueue clients; /* Client, the oldest first; the thread's */
};

static enum MHD_Result
answer(struct MHD_Connection *connection, unsigned status, const char *type,
       char *text)
{
	struct MHD_Response *response = MHD_create_response_from_buffer(
	        strlen(text), text, MHD_RESPMEM_MUST_FREE);
	enum MHD_Result result;

	MHD_add_response_header(response, "Content-Type", type);
	MHD_add_response_header(response, "Connection", "close");
	if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
		MHD_add_response_header(response, "Allow", "GET, HEAD");
	result = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result
on_request(void *data, struct MHD_Connection *connection, const char *url,
           const char *method, const char *version, const char *upload,
           size_t *upload_len, void **request)
{
	const PliMetrics *metrics = data;

	if (strcmp(url, "/metrics") != 0)
		return answer(connection, MHD_HTTP_NOT_FOUND, "text/plain",
		              g_strdup("there is nothing but /metrics\n"));
	if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 &&
	    strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
		return answer(connection, MHD_HTTP_METHOD_NOT_ALLOWED,
		              "text/plain",
		              g_strdup("GET or HEAD was expected\n"));
	return answer(connection, MHD_HTTP_OK, PLI_METRICS_TYPE,
	              pli_metrics_format(metrics->counters,
	                                 metrics->n_counters));
}

static void
on_connection(void *data, struct MHD_Connection *connection, void **slot,
              enum MHD_ConnectionNotificationCode code)
{
	PliMetrics *metrics = data;
	Client *client = *slot;

	if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
		g_queue_unlink(&metrics->clients, &client->link);
		g_free(client);
		return;
	}
	client = g_new0(Client, 1);
	client->fd = MHD_get_connection_info(
	                     connection, MHD_CONNECTION_INFO_CONNECTION_FD)
	                     ->connect_fd;
	client->end_us = g_get_monotonic_time() + LIFE_US;
	client->link.data = client;
	g_queue_push_tail_link(&metrics->clients, &client->link);
	*slot = client;
}

/* libmicrohttpd knows when a client was silent for long, but not when one goes
 * on for ever with an octet a second. It closes what has ended here. */
static void
end_old(PliMetrics *metrics)
{
	gint64 now = g_get_monotonic_time();
	GList *link;

	for (link = metrics->clients.head; link != NULL; link = link->next) {
		Client *client = link->data;

		if (client->end_us > now)
			break;
		shutdown(client->fd, SHUT_RDWR);
	}
}

/* In milliseconds; -1: until something comes. */
static int
get_wait(const PliMetrics *metrics)
{
	const Client *oldest = metrics->clients.head != NULL
	                               ? metrics->clients.head->data
	                               : NULL;
	MHD_UNSIGNED_LONG_LONG own;
	gint64 wait = -1;

	if (MHD_get_timeout(metrics->http, &own) == MHD_YES)
		wait = (gint64)MIN(own, G_MAXINT / 2);
	if (oldest != NULL) {
		gint64 left = oldest->end_us - g_get_monotonic_time();

		left = MAX(left, 0) / 1000 + 1;
		wait = wait < 0 ? left : MIN(wait, left);
	}
	return (int)wait;
}

static gpointer
run(gpointer data)
{
	PliMetrics *metrics = data;
	struct pollfd fds[] = {
	        {.fd = metrics->epoll, .events = POLLIN},
	        {.fd = metrics->stop, .events = POLLIN},
	};

	while (fds[1].revents == 0) {
		poll(fds, G_N_ELEMENTS(fds), get_wait(metrics));
		end_old(metrics);
		MHD_run(metrics->http);
	}
	return NULL;
}

/* Takes over `fd`. */
static gboolean
start(PliMetrics *metrics, int fd)
{
	const union MHD_DaemonInfo *info;

	metrics->stop = eventfd(0, EFD_CLOEXEC);
	if (metrics->stop >= 0)
		metrics->http = MHD_start_daemon(
		        MHD_USE_EPOLL, 0, NULL, NULL, on_request, metrics,
		        MHD_OPTION_LISTEN_SOCKET, fd,
		        MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS,
		        MHD_OPTION_CONNECTION_MEMORY_LIMIT,
		        (size_t)CONNECTION_OCTETS,
		        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_SECONDS,
		        MHD_OPTION_STRICT_FOR_CLIENT, 1,
		        MHD_OPTION_NOTIFY_CONNECTION, on_connection, metrics,
		        MHD_OPTION_END);
	if (metrics->http == NULL) {
		close(fd);
		return FALSE;
	}
	info = MHD_get_daemon_info(metrics->http, MHD_DAEMON_INFO_EPOLL_FD);
	metrics->epoll = info->epoll_fd;
	metrics->thread = g_thread_new("pli-metrics", run, metrics);
	return TRUE;
}

PliMetrics *
pli_metrics_serve(int fd, const PliCounters *const *counters, guint n,
                  GError **error)
{
	PliMetrics *metrics = g_new0(PliMetrics, 1);

	metrics->counters =
	        g_memdup2(counters, n * sizeof(const PliCounters *));
	metrics->n_counters = n;
	g_queue_init(&metrics->clients);
	if (start(metrics, fd))
		return metrics;
	g_set_error(error, PLI_METRICS_ERROR, PLI_METRICS_ERROR_START,
	            "cannot serve the metrics: %s", g_strerror(errno));
	pli_metrics_free(metrics);
	return NULL;
}

void
pli_metrics_free(PliMetrics *metrics)
{
	if (metrics == NULL)
		return;
	if (metrics->thread != NULL) {
		eventfd_write(metrics->stop, 1);
		g_thread_join(metrics->thread);
	}
	if (metrics->http != NULL)
		MHD_stop_daemon(metrics->http);
	if (metrics->stop >= 0)
		close(metrics->stop);
	g_free(metrics->counters);
	g_free(metrics);
}
