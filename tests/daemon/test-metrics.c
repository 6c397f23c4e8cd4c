/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/metrics.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/listener.h"

static void
assert_line(const char *text, const char *line)
{
	g_autofree char *whole = g_strdup_printf("\n%s\n", line);

	if (strstr(text, whole) == NULL)
		g_error("there is no line %s in\n%s", line, text);
}

static void
test_format(void)
{
	PliCounters a = {0}, b = {0};
	const PliCounters *both[] = {&a, &b};
	g_autofree char *text = NULL, *none = NULL;

	pli_counters_add(&a, messages_accepted, 40);
	pli_counters_add(&b, messages_accepted, 2);
	pli_counters_add(&a, connections[PLI_PROTOCOL_IMAP], 3);
	pli_counters_add(&b, connections[PLI_PROTOCOL_IMAP], 4);
	pli_counters_take(&b, connections[PLI_PROTOCOL_IMAP], 2);
	pli_counters_add(&b, deliveries_waiting, 7);
	text = pli_metrics_format(both, 2);
	g_assert_true(g_str_has_prefix(
	        text, "# TYPE pli_build info\n# HELP pli_build The server.\n"
	              "pli_build_info{version=\"" PACKAGE_VERSION "\"} 1\n"));
	g_assert_true(g_str_has_suffix(text, "\n# EOF\n"));
	assert_line(text, "# TYPE pli_messages_accepted counter\n"
	                  "# HELP pli_messages_accepted Messages answered "
	                  "with 250.\n"
	                  "pli_messages_accepted_total 42");
	assert_line(text, "pli_connections{protocol=\"imap\"} 5");
	assert_line(text, "pli_connections{protocol=\"submission\"} 0");
	assert_line(text, "pli_deliveries_waiting 7");
	none = pli_metrics_format(NULL, 0);
	assert_line(none, "pli_messages_accepted_total 0");
}

static void
test_histogram(void)
{
	static const gint64 times[] = {-5,      0,        500,      501,
	                               1000000, 30000001, G_MAXINT64 / 8};
	PliCounters counters = {0};
	const PliCounters *all = &counters;
	g_autofree char *text = NULL;
	gsize i;

	for (i = 0; i + 1 < G_N_ELEMENTS(times); i++)
		pli_histogram_add(&counters.sync_seconds, times[i]);
	text = pli_metrics_format(&all, 1);
	assert_line(text, "# TYPE pli_sync_seconds histogram");
	assert_line(text, "# UNIT pli_sync_seconds seconds\n"
	                  "pli_sync_seconds_bucket{le=\"0.0005\"} 3\n"
	                  "pli_sync_seconds_bucket{le=\"0.001\"} 4");
	assert_line(text, "pli_sync_seconds_bucket{le=\"0.5\"} 4\n"
	                  "pli_sync_seconds_bucket{le=\"1.0\"} 5");
	assert_line(text, "pli_sync_seconds_bucket{le=\"30.0\"} 5\n"
	                  "pli_sync_seconds_bucket{le=\"+Inf\"} 6\n"
	                  "pli_sync_seconds_count 6\n"
	                  "pli_sync_seconds_sum 31.001002");
	assert_line(text, "pli_accept_seconds_count 0\n"
	                  "pli_accept_seconds_sum 0.000000");
	/* and no bucket is missed, however long it took */
	pli_histogram_add(&counters.sync_seconds, times[i]);
	g_assert_cmpuint(
	        counters.sync_seconds.counts[PLI_HISTOGRAM_BUCKETS - 1], ==, 2);
}

static void
test_gauges(void)
{
	PliCounters counters;

	memset(&counters, 1, sizeof(counters));
	pli_counters_clear_gauges(&counters);
	g_assert_cmpuint(counters.connections[PLI_PROTOCOL_SMTP], ==, 0);
	g_assert_cmpuint(counters.connections[PLI_PROTOCOL_SUBMISSION], ==, 0);
	g_assert_cmpuint(counters.commits_waiting, ==, 0);
	g_assert_cmpuint(counters.deliveries_waiting, ==, 0);
	g_assert_cmpuint(counters.sessions, ==, G_MAXUINT64 / 255);
	g_assert_cmpuint(counters.sync_seconds.counts[3], ==,
	                 G_MAXUINT64 / 255);
}

static int
bind_any(guint *ret_port)
{
	g_autoptr(GError) error = NULL;
	int fd = pli_listener_bind("127.0.0.1", 0, &error);
	struct sockaddr_in address;
	socklen_t len = sizeof(address);

	g_assert_no_error(error);
	g_assert_cmpint(getsockname(fd, (struct sockaddr *)&address, &len), ==,
	                0);
	*ret_port = ntohs(address.sin_port);
	return fd;
}

static int
connect_to(guint port)
{
	struct sockaddr_in address = {
	        .sin_family = AF_INET,
	        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	        .sin_port = htons((guint16)port),
	};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	g_assert_cmpint(connect(fd, (struct sockaddr *)&address,
	                        sizeof(address)),
	                ==, 0);
	return fd;
}

/* All that comes until the other side closes. */
static char *
ask(guint port, const char *request)
{
	g_autoptr(GString) answer = g_string_new(NULL);
	int fd = connect_to(port);
	char octets[4096];
	gssize n;

	g_assert_cmpint(write(fd, request, strlen(request)), ==,
	                (gssize)strlen(request));
	while ((n = read(fd, octets, sizeof(octets))) > 0)
		g_string_append_len(answer, octets, n);
	close(fd);
	return g_string_free(g_steal_pointer(&answer), FALSE);
}

static void
test_serve(void)
{
	PliCounters counters = {0};
	const PliCounters *all = &counters;
	g_autoptr(GError) error = NULL;
	g_autofree char *answer = NULL, *later = NULL;
	guint port;
	int fd = bind_any(&port);
	PliMetrics *metrics = pli_metrics_serve(fd, &all, 1, &error);

	g_assert_no_error(error);
	answer = ask(port, "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
	g_assert_true(g_str_has_prefix(answer, "HTTP/1.1 200 OK\r\n"));
	g_assert_nonnull(strstr(answer, "Content-Type: " PLI_METRICS_TYPE));
	assert_line(answer, "pli_sessions_total 0");
	pli_counters_add(&counters, sessions, 5);
	later = ask(port, "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
	assert_line(later, "pli_sessions_total 5");
	fd = connect_to(port); /* one that is open holds nothing up */
	pli_metrics_free(metrics);
	close(fd);
}

/* What is no socket cannot be served, and is closed. */
static void
test_no_socket(void)
{
	PliCounters counters = {0};
	const PliCounters *all = &counters;
	g_autoptr(GError) error = NULL;
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	g_assert_cmpint(fd, >=, 0);
	g_assert_null(pli_metrics_serve(fd, &all, 1, &error));
	g_assert_error(error, PLI_METRICS_ERROR, PLI_METRICS_ERROR_START);
	g_assert_cmpint(fcntl(fd, F_GETFD), <, 0);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/daemon/metrics/format", test_format);
	g_test_add_func("/daemon/metrics/histogram", test_histogram);
	g_test_add_func("/daemon/metrics/gauges", test_gauges);
	g_test_add_func("/daemon/metrics/serve", test_serve);
	g_test_add_func("/daemon/metrics/no-socket", test_no_socket);
	return g_test_run();
}
