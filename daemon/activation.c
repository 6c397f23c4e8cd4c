/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/activation.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define FIRST_FD 3
#define FDS_MAX 1000

struct PliActivation {
	GArray *fds; /* int; -1 once taken */
};

typedef union {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
} Address;

/* A number of the environment's, which is then forgotten. */
static guint64
take_number(const char *name)
{
	const char *text = g_getenv(name);
	guint64 number = 0;

	if (text != NULL)
		g_ascii_string_to_unsigned(text, 10, 0, G_MAXINT32, &number,
					   NULL);
	g_unsetenv(name);
	return number;
}

PliActivation *
pli_activation_new(void)
{
	PliActivation *activation = g_new0(PliActivation, 1);
	guint64 pid = take_number("LISTEN_PID");
	guint64 n = take_number("LISTEN_FDS");

	g_unsetenv("LISTEN_FDNAMES");
	activation->fds = g_array_new(FALSE, FALSE, sizeof(int));
	if (pid != (guint64)getpid() || n > FDS_MAX)
		return activation;
	for (int fd = FIRST_FD; fd < FIRST_FD + (int)n; fd++) {
		if (fcntl(fd, F_SETFD, FD_CLOEXEC) == 0)
			g_array_append_val(activation->fds, fd);
	}
	return activation;
}

static gboolean
is_bound_to(int fd, const char *address, guint port)
{
	guint8 wanted[sizeof(struct in6_addr)];
	Address a = {0};
	socklen_t len = sizeof(a);
	int listens = 0;
	socklen_t listens_len = sizeof(listens);
	const void *octets;
	guint bound;

	if (getsockname(fd, &a.any, &len) < 0 ||
	    getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &listens_len) <
		    0 ||
	    !listens)
		return FALSE;
	if (a.any.sa_family != AF_INET && a.any.sa_family != AF_INET6)
		return FALSE;
	octets = a.any.sa_family == AF_INET ? (const void *)&a.v4.sin_addr
					    : (const void *)&a.v6.sin6_addr;
	bound = ntohs(a.any.sa_family == AF_INET ? a.v4.sin_port
						 : a.v6.sin6_port);
	return bound == port &&
	       inet_pton(a.any.sa_family, address, wanted) == 1 &&
	       memcmp(wanted, octets,
		      a.any.sa_family == AF_INET ? sizeof(struct in_addr)
						 : sizeof(struct in6_addr)) ==
		       0;
}

int
pli_activation_take(PliActivation *activation, const char *address, guint port)
{
	for (guint i = 0; i < activation->fds->len; i++) {
		int *fd = &g_array_index(activation->fds, int, i);
		int taken = *fd;

		if (taken < 0 || !is_bound_to(taken, address, port))
			continue;
		*fd = -1;
		fcntl(taken, F_SETFL, fcntl(taken, F_GETFL) | O_NONBLOCK);
		return taken;
	}
	return -1;
}

void
pli_activation_free(PliActivation *activation, const PliLog *log)
{
	for (guint i = 0; i < activation->fds->len; i++) {
		int fd = g_array_index(activation->fds, int, i);

		if (fd < 0)
			continue;
		close(fd);
		pli_log_error(log, "activation",
			      "a socket was handed over that no [listener "
			      "NAME] has the address and port of");
	}
	g_array_unref(activation->fds);
	g_free(activation);
}
