/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pli-pam SERVICE [DIRECTORY]: asks PAM about names and passwords, one after
 * the other, and leaves nothing running that PAM has started; see daemon/pam.h.
 * The server starts it, nobody else has a use for it.
 */
#include <errno.h>
#include <fcntl.h>
#include <security/pam_appl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "daemon/pam.h"

#define PROMPTS_MAX 8 /* of all modules together */

typedef struct {
	const char *name, *password;
	guint n_prompts;
	gboolean is_over; /* nothing is answered any more */
} Request;

/* The answer to one message; FALSE: there is none. */
static gboolean
answer(Request *request, const struct pam_message *message,
       struct pam_response *response)
{
	const char *text = NULL;

	switch (message->msg_style) {
	case PAM_PROMPT_ECHO_OFF: text = request->password; break;
	case PAM_PROMPT_ECHO_ON: text = request->name; break;
	case PAM_ERROR_MSG:
	case PAM_TEXT_INFO: return TRUE;
	default: return FALSE;
	}
	if (request->is_over || request->n_prompts++ >= PROMPTS_MAX)
		return FALSE;
	response->resp = strdup(text);
	return response->resp != NULL;
}

static int
converse(int n, const struct pam_message **messages,
         struct pam_response **ret_responses, void *data)
{
	Request *request = data;
	struct pam_response *responses;
	int i;

	if (n <= 0 || n > PAM_MAX_NUM_MSG)
		return PAM_CONV_ERR;
	responses = calloc((size_t)n, sizeof(*responses));
	if (responses == NULL)
		return PAM_BUF_ERR;
	for (i = 0; i < n; i++)
		if (!answer(request, messages[i], &responses[i]))
			break;
	if (i == n) {
		*ret_responses = responses;
		return PAM_SUCCESS;
	}
	while (i-- > 0) {
		if (responses[i].resp != NULL)
			explicit_bzero(responses[i].resp,
			               strlen(responses[i].resp));
		free(responses[i].resp);
	}
	free(responses);
	return PAM_CONV_ERR;
}

/* A failed login waits in the server, where it holds up nobody. */
static void
do_not_wait(int code, unsigned us, void *data)
{
}

/* Two strings with their NULs and no more. */
static gboolean
parse_request(const char *octets, gsize len, Request *ret_request)
{
	const char *end = memchr(octets, '\0', len);
	gsize rest;

	if (end == NULL)
		return FALSE;
	rest = len - (gsize)(end + 1 - octets);
	if (rest == 0 || memchr(end + 1, '\0', rest) != octets + len - 1)
		return FALSE;
	*ret_request = (Request){.name = octets, .password = end + 1};
	return TRUE;
}

/* What is not known to be trouble is a refusal, which is waited for: such as
 * PAM_SYSTEM_ERR, pam_exec's word for a program that says no, and
 * PAM_NEW_AUTHTOK_REQD, as nobody here can give another password. */
static PliPamReply
classify(int code)
{
	switch (code) {
	case PAM_SUCCESS: return PLI_PAM_REPLY_GOOD;
	case PAM_ABORT:
	case PAM_AUTHINFO_UNAVAIL:
	case PAM_BUF_ERR:
	case PAM_MODULE_UNKNOWN:
	case PAM_OPEN_ERR:
	case PAM_SERVICE_ERR:
	case PAM_SYMBOL_ERR:
	case PAM_TRY_AGAIN: return PLI_PAM_REPLY_TROUBLE;
	default: return PLI_PAM_REPLY_REFUSED;
	}
}

static int
ask(const char *service, const char *directory, Request *request,
    char *reason, gsize most)
{
	const struct pam_conv conversation = {converse, request};
	const int flags = PAM_SILENT | PAM_DISALLOW_NULL_AUTHTOK;
	pam_handle_t *pam = NULL;
	int code = pam_start_confdir(service, request->name, &conversation,
	                             directory, &pam);

	if (code == PAM_SUCCESS)
		code = pam_set_item(pam, PAM_FAIL_DELAY,
		                    (const void *)do_not_wait);
	if (code == PAM_SUCCESS)
		code = pam_set_item(pam, PAM_TTY, "pli");
	if (code == PAM_SUCCESS)
		code = pam_authenticate(pam, flags);
	request->is_over = TRUE;
	if (code == PAM_SUCCESS)
		code = pam_acct_mgmt(pam, flags);
	g_strlcpy(reason,
	          pam != NULL ? pam_strerror(pam, code) : "PAM does not start",
	          most);
	if (pam != NULL)
		pam_end(pam, code);
	return code;
}

/* In the child. */
static void
write_reply(const char *const *rules, Request *request, int out)
{
	char reply[PLI_PAM_REPLY_OCTETS];
	int code = ask(rules[0], rules[1], request, reply + 1,
	               sizeof(reply) - 1);

	reply[0] = (char)classify(code);
	(void)!write(out, reply, strlen(reply));
}

/* Whether the child ends in time. */
static gboolean
wait_for(pid_t child)
{
	gint64 end = g_get_monotonic_time() + PLI_PAM_SECONDS * G_USEC_PER_SEC;
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGCHLD);
	while (waitpid(child, NULL, WNOHANG) == 0) {
		gint64 left = end - g_get_monotonic_time();
		const struct timespec wait = {
		        left / G_USEC_PER_SEC,
		        left % G_USEC_PER_SEC * 1000,
		};

		if (left <= 0)
			return FALSE;
		sigtimedwait(&signals, NULL, &wait);
	}
	return TRUE;
}

static void
kill_children(void)
{
	FILE *list = fopen("/proc/thread-self/children", "re");
	int pid;

	if (list == NULL)
		return;
	while (fscanf(list, "%d", &pid) == 1)
		kill(pid, SIGKILL);
	fclose(list);
}

/* What modules have started may have a session of its own, so no signal to a
 * group gets there; but whoever loses its parent becomes a child of ours. */
static void
end_children(void)
{
	do
		kill_children();
	while (waitpid(-1, NULL, 0) >= 0 || errno == EINTR);
}

static void
start_child(const char *const *rules, Request *request, int server,
            const int pipe_fds[2])
{
	sigset_t none;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	close(server);
	close(pipe_fds[0]);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	write_reply(rules, request, pipe_fds[1]);
	_exit(EX_OK);
}

/* One reply, whatever happens. */
static void
answer_request(const char *const *rules, Request *request, int server)
{
	static const char late[] = "!no answer came in time";
	static const char none[] = "!PAM ended without an answer";
	char reply[PLI_PAM_REPLY_OCTETS];
	gboolean in_time = TRUE;
	gssize n = 0;
	int fds[2];
	pid_t pid = -1;

	if (pipe2(fds, O_CLOEXEC) == 0) {
		pid = fork();
		if (pid == 0)
			start_child(rules, request, server, fds);
		close(fds[1]);
		in_time = pid < 0 || wait_for(pid);
		end_children();
		/* nobody is left who could write more */
		n = read(fds[0], reply, sizeof(reply));
		close(fds[0]);
	}
	if (!in_time)
		send(server, late, strlen(late), MSG_NOSIGNAL);
	else if (n <= 0)
		send(server, none, strlen(none), MSG_NOSIGNAL);
	else
		send(server, reply, (gsize)n, MSG_NOSIGNAL);
}

static void
serve(const char *const *rules, int server)
{
	static const char malformed[] = "!that was no request";
	static char octets[PLI_PAM_REQUEST_OCTETS + 1];
	Request request;
	gssize n;

	while ((n = recv(server, octets, sizeof(octets), 0)) > 0 ||
	       (n < 0 && errno == EINTR)) {
		if (n > PLI_PAM_REQUEST_OCTETS ||
		    !parse_request(octets, (gsize)MAX(n, 0), &request))
			send(server, malformed, strlen(malformed),
			     MSG_NOSIGNAL);
		else
			answer_request(rules, &request, server);
		explicit_bzero(octets, sizeof(octets));
	}
}

/* The socket, where modules do not find it; -1 on error. */
static int
take_socket(void)
{
	int server = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (server < 0 || null < 0 || dup2(null, STDIN_FILENO) < 0)
		return -1;
	return server;
}

int
main(int argc, char **argv)
{
	const struct rlimit no_core = {0, 0};
	const char *rules[] = {argc > 1 ? argv[1] : NULL,
	                       argc > 2 ? argv[2] : NULL};
	sigset_t child;
	int server;

	if (argc < 2 || argc > 3) {
		fputs("usage: pli-pam SERVICE [DIRECTORY] (plid starts it)\n",
		      stderr);
		return EX_USAGE;
	}
	setrlimit(RLIMIT_CORE, &no_core); /* it would hold passwords */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child, NULL);
	server = take_socket();
	if (server < 0)
		return EX_OSERR;
	serve(rules, server);
	return EX_OK;
}
