/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/pam.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <unistd.h>

#define PROGRAM "pli-pam"
#define GRACE_SECONDS 2 /* for the program to end what PAM has started */

struct PliPam {
	char *service, *directory;
	char *fault; /* NULL: it can be asked */
	int fd;	     /* -1: not started */
};

G_DEFINE_QUARK(pli-pam-error, pli_pam_error)

/* Beside the server's program, as in the build tree, or where it is installed;
 * NULL: it is not there. */
static char *
find_program(void)
{
	g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
	g_autofree char *dir = self != NULL ? g_path_get_dirname(self) : NULL;
	const char *const dirs[] = {PLI_LIBEXECDIR, dir};
	gsize i;

	for (i = G_N_ELEMENTS(dirs); i-- > 0;) {
		char *path = dirs[i] != NULL
		                     ? g_build_filename(dirs[i], PROGRAM, NULL)
		                     : NULL;

		if (path != NULL && access(path, X_OK) == 0)
			return path;
		g_free(path);
	}
	return NULL;
}

static gboolean
is_built(void)
{
#ifdef HAVE_PAM
	return TRUE;
#else
	return FALSE;
#endif
}

/* Where PAM looks for a service; pam_start(3). */
static gboolean
has_rules(const PliPam *rules)
{
	static const char *const system[] = {"/etc/pam.d", "/usr/lib/pam.d",
	                                     "/usr/etc/pam.d"};
	gsize i;

	if (*rules->directory != '\0') {
		g_autofree char *path = g_build_filename(
		        rules->directory, rules->service, NULL);

		return access(path, R_OK) == 0;
	}
	for (i = 0; i < G_N_ELEMENTS(system); i++) {
		g_autofree char *path =
		        g_build_filename(system[i], rules->service, NULL);

		if (access(path, R_OK) == 0)
			return TRUE;
	}
	return access("/etc/pam.conf", R_OK) == 0 &&
	       !g_file_test("/etc/pam.d", G_FILE_TEST_IS_DIR);
}

static const PliUser *
find_user(const PliUsers *users)
{
	guint i;

	for (i = 0; i < pli_users_get_n(users); i++)
		if (pli_users_get(users, i)->pam)
			return pli_users_get(users, i);
	return NULL;
}

PliPam *
pli_pam_new(const char *service, const char *directory)
{
	PliPam *pam = g_new0(PliPam, 1);
	g_autofree char *program = find_program();

	pam->fd = -1;
	pam->service = g_strdup(service);
	pam->directory = g_strdup(directory);
	if (!is_built())
		pam->fault = g_strdup("this server was built without it "
		                      "(configure --without-pam)");
	else if (program == NULL)
		pam->fault = g_strdup("there is no " PLI_LIBEXECDIR
		                      "/" PROGRAM);
	else if (!has_rules(pam))
		pam->fault = g_strdup_printf(
		        "there were no rules for it at the start: %s/%s was "
		        "expected",
		        *directory != '\0' ? directory : "/etc/pam.d",
		        service);
	return pam;
}

gboolean
pli_pam_check_users(const PliPam *pam, const PliUsers *users, const char *file,
                    GError **error)
{
	const PliUser *user = find_user(users);

	if (user == NULL || pam->fault == NULL)
		return TRUE;
	g_set_error(error, PLI_PAM_ERROR, PLI_PAM_ERROR_SETUP,
	            "%s: the account %s wants PAM, and %s", file, user->name,
	            pam->fault);
	return FALSE;
}

/* The request; its length, or 0 when it is too long. */
static gsize
fill_request(char *request, const char *name, const char *password)
{
	gsize n = strlen(name) + 1, len = n + strlen(password) + 1;

	if (len > PLI_PAM_REQUEST_OCTETS)
		return 0;
	memcpy(request, name, n);
	memcpy(request + n, password, len - n);
	return len;
}

/* Nothing of ours open but `fd`, no signal blocked or passed over. 0, or
 * errno. */
static int
spawn(const char *program, const PliPam *pam, int fd)
{
	const char *const args[] = {PROGRAM, pam->service,
	                            *pam->directory ? pam->directory : NULL,
	                            NULL};
	static const char *const environment[] = {
	        "PATH=/usr/sbin:/usr/bin:/sbin:/bin", NULL};
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	sigset_t none, all;
	pid_t pid;
	int code;

	sigemptyset(&none);
	sigfillset(&all);
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_adddup2(&files, fd, STDIN_FILENO);
	posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null",
	                                 O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null",
	                                 O_WRONLY, 0);
	posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK |
	                                              POSIX_SPAWN_SETSIGDEF);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &all);
	code = posix_spawn(&pid, program, &files, &attributes,
	                   (char *const *)args, (char *const *)environment);
	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&attributes);
	return code;
}

void
pli_pam_start(PliPam *pam)
{
	g_autofree char *program = find_program();
	int ends[2], code;

	if (pam->fault != NULL)
		return;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0) {
		pam->fault = g_strdup(g_strerror(errno));
		return;
	}
	code = spawn(program, pam, ends[1]);
	close(ends[1]);
	if (code == 0) {
		pam->fd = ends[0];
		return;
	}
	close(ends[0]);
	pam->fault = g_strdup_printf("%s: %s", program, g_strerror(code));
}

void
pli_pam_free(PliPam *pam)
{
	if (pam == NULL)
		return;
	if (pam->fd >= 0)
		close(pam->fd);
	g_free(pam->service);
	g_free(pam->directory);
	g_free(pam->fault);
	g_free(pam);
}

/* The reply, as text. FALSE: there is none, and what comes later would be
 * taken for that of the next request. */
static gboolean
read_reply(int fd, char reply[PLI_PAM_REPLY_OCTETS])
{
	const gint64 most = PLI_PAM_SECONDS + GRACE_SECONDS;
	gint64 end = g_get_monotonic_time() + most * G_USEC_PER_SEC;
	struct pollfd poll_fd = {.fd = fd, .events = POLLIN};

	for (;;) {
		gint64 left = end - g_get_monotonic_time();
		gssize n;

		if (left <= 0)
			return FALSE;
		if (poll(&poll_fd, 1, (int)(left / 1000) + 1) <= 0)
			continue;
		n = recv(fd, reply, PLI_PAM_REPLY_OCTETS - 1, 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n > 0)
			reply[n] = '\0';
		return n > 0;
	}
}

static PliSaslResult
judge(const char *reply, char **ret_reason)
{
	switch ((PliPamReply)*reply) {
	case PLI_PAM_REPLY_GOOD:
		*ret_reason = g_strdup(reply + 1);
		return PLI_SASL_DONE;
	case PLI_PAM_REPLY_REFUSED:
		*ret_reason = g_strdup(reply + 1);
		return PLI_SASL_REFUSED;
	case PLI_PAM_REPLY_TROUBLE:
		*ret_reason = g_strdup(reply + 1);
		return PLI_SASL_TROUBLE;
	}
	*ret_reason = g_strdup(PROGRAM " gave an answer that is none");
	return PLI_SASL_TROUBLE;
}

PliSaslResult
pli_pam_check(PliPam *pam, const char *name, const char *password,
              char **ret_reason)
{
	char request[PLI_PAM_REQUEST_OCTETS];
	char reply[PLI_PAM_REPLY_OCTETS];
	gsize len = fill_request(request, name, password);
	gssize sent;

	if (len == 0) {
		*ret_reason = g_strdup("the password is too long");
		return PLI_SASL_REFUSED;
	}
	if (pam->fd < 0) {
		*ret_reason = g_strdup(pam->fault);
		return PLI_SASL_TROUBLE;
	}
	sent = send(pam->fd, request, len, MSG_NOSIGNAL);
	explicit_bzero(request, sizeof(request));
	/* no other can be started from here */
	if (sent < 0 || !read_reply(pam->fd, reply))
		_exit(EX_UNAVAILABLE);
	return judge(reply, ret_reason);
}
