/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Children that enter the sandbox and try to get out. Each way is a process of
 * its own, since some of them are deadly. */
#include "daemon/sandbox.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct {
	char *top;    /* of the rest */
	char *mine;   /* writable */
	char *shown;  /* readable */
	char *secret; /* a file in neither */
	guint16 port; /* somebody listens there */
	int listener;
} Fixture;

static const PliLog log_nowhere = {-1, PLI_LOG_TEXT};

/* What a child ends with. */
enum { DID_IT = 10, REFUSED = 11, NO_SANDBOX = 12 };

static int
of_result(long result)
{
	return result < 0 ? REFUSED : DID_IT;
}

static int
try_open(const char *path, int flags)
{
	return of_result(open(path, flags | O_CLOEXEC, 0600));
}

static int
read_secret(const Fixture *f)
{
	return try_open(f->secret, O_RDONLY);
}

static int
read_passwd(const Fixture *f)
{
	return try_open("/etc/passwd", O_RDONLY);
}

static int
read_by_dots(const Fixture *f)
{
	g_autofree char *path =
		g_build_filename(f->mine, "..", "secret", NULL);

	return try_open(path, O_RDONLY);
}

static int
read_by_link(const Fixture *f)
{
	g_autofree char *path = g_build_filename(f->mine, "link", NULL);

	return try_open(path, O_RDONLY);
}

static int
link_it_in(const Fixture *f)
{
	g_autofree char *path = g_build_filename(f->mine, "hard", NULL);

	return of_result(link(f->secret, path));
}

static int
write_shown(const Fixture *f)
{
	g_autofree char *path = g_build_filename(f->shown, "new", NULL);

	return try_open(path, O_WRONLY | O_CREAT);
}

static int
move_out(const Fixture *f)
{
	g_autofree char *from = g_build_filename(f->mine, "file", NULL);
	g_autofree char *to = g_build_filename(f->top, "out", NULL);

	return of_result(rename(from, to));
}

static int
truncate_secret(const Fixture *f)
{
	return of_result(truncate(f->secret, 0));
}

static int
run_program(const Fixture *f)
{
	char *argv[] = {"true", NULL};

	return of_result(execv("/bin/true", argv));
}

static int
make_process(const Fixture *f)
{
	pid_t pid = (pid_t)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);

	if (pid == 0)
		_exit(0);
	return of_result(pid);
}

static int
trace_parent(const Fixture *f)
{
	return of_result(ptrace(PTRACE_ATTACH, getppid(), NULL, NULL));
}

static int
read_parent(const Fixture *f)
{
	char octet;
	struct iovec here = {&octet, 1}, there = {(void *)f, 1};

	return of_result(
		process_vm_readv(getppid(), &here, 1, &there, 1, 0));
}

static int
signal_parent(const Fixture *f)
{
	return of_result(kill(getppid(), SIGCONT));
}

static int
signal_thread_of_parent(const Fixture *f)
{
	return of_result(
		syscall(SYS_tgkill, getppid(), getppid(), SIGCONT));
}

static int
connect_to_port(const Fixture *f)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
				.sin_port = htons(f->port)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return of_result(fd < 0 ? fd
				: connect(fd, (struct sockaddr *)&a, sizeof a));
}

static int
bind_port(const Fixture *f)
{
	struct sockaddr_in a = {.sin_family = AF_INET};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return of_result(fd < 0 ? fd
				: bind(fd, (struct sockaddr *)&a, sizeof a));
}

static int
make_unix_socket(const Fixture *f)
{
	return of_result(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
}

static int
make_raw_socket(const Fixture *f)
{
	return of_result(socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, 1));
}

static int
mount_something(const Fixture *f)
{
	return of_result(mount("none", f->mine, "tmpfs", 0, NULL));
}

static int
leave_namespace(const Fixture *f)
{
	return of_result(syscall(SYS_unshare, 0x10000000)); /* NEWUSER */
}

static int
become_root(const Fixture *f)
{
	return of_result(syscall(SYS_setresuid, 0, 0, 0));
}

static int
make_ring(const Fixture *f)
{
	return of_result(syscall(SYS_io_uring_setup, 1, NULL));
}

static int
load_bpf(const Fixture *f)
{
	return of_result(syscall(SYS_bpf, 0, NULL, 0));
}

static int
run_what_was_written(const Fixture *f)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return of_result(mprotect(page, 4096, PROT_READ | PROT_EXEC));
}

static int
take_privileges_back(const Fixture *f)
{
	return of_result(prctl(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0));
}

/* What must go on working. */

static int
use_mine(const Fixture *f)
{
	g_autofree char *path = g_build_filename(f->mine, "made", NULL);
	g_autofree char *other = g_build_filename(f->mine, "moved", NULL);
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	return fd >= 0 && write(fd, "x", 1) == 1 && fsync(fd) == 0 &&
			       ftruncate(fd, 0) == 0 &&
			       rename(path, other) == 0 && unlink(other) == 0
		       ? DID_IT
		       : REFUSED;
}

static int
read_shown(const Fixture *f)
{
	g_autofree char *path = g_build_filename(f->shown, "file", NULL);

	return try_open(path, O_RDONLY);
}

static gpointer
thread(gpointer data)
{
	return data;
}

static int
start_thread(const Fixture *f)
{
	GThread *started = g_thread_new("other", thread, (gpointer)f);

	return g_thread_join(started) == f ? DID_IT : REFUSED;
}

static int
abort_oneself(const Fixture *f)
{
	abort();
}

typedef struct {
	const char *name;
	int (*run)(const Fixture *f);
	int wanted; /* REFUSED, DID_IT, or minus a signal */
	gboolean of_landlock;
} Way;

static const Way ways[] = {
	{"read-secret", read_secret, REFUSED, TRUE},
	{"read-passwd", read_passwd, REFUSED, TRUE},
	{"read-by-dots", read_by_dots, REFUSED, TRUE},
	{"read-by-link", read_by_link, REFUSED, TRUE},
	{"link-it-in", link_it_in, REFUSED, TRUE},
	{"write-shown", write_shown, REFUSED, TRUE},
	{"move-out", move_out, REFUSED, TRUE},
	{"truncate-secret", truncate_secret, REFUSED, TRUE},
	{"run-program", run_program, -SIGSYS, FALSE},
	{"make-process", make_process, REFUSED, FALSE},
	{"trace-parent", trace_parent, -SIGSYS, FALSE},
	{"read-parent", read_parent, -SIGSYS, FALSE},
	{"signal-parent", signal_parent, REFUSED, FALSE},
	{"signal-thread-of-parent", signal_thread_of_parent, REFUSED, FALSE},
	{"connect", connect_to_port, REFUSED, FALSE},
	{"bind", bind_port, REFUSED, FALSE},
	{"unix-socket", make_unix_socket, REFUSED, FALSE},
	{"raw-socket", make_raw_socket, REFUSED, FALSE},
	{"mount", mount_something, -SIGSYS, FALSE},
	{"leave-namespace", leave_namespace, -SIGSYS, FALSE},
	{"become-root", become_root, -SIGSYS, FALSE},
	{"ring", make_ring, -SIGSYS, FALSE},
	{"bpf", load_bpf, -SIGSYS, FALSE},
	{"run-what-was-written", run_what_was_written, REFUSED, FALSE},
	{"take-privileges-back", take_privileges_back, REFUSED, FALSE},
	{"use-mine", use_mine, DID_IT, FALSE},
	{"read-shown", read_shown, DID_IT, FALSE},
	{"start-thread", start_thread, DID_IT, FALSE},
	{"abort", abort_oneself, -SIGABRT, FALSE},
};

static guint16
listen_somewhere(int *ret_fd)
{
	struct sockaddr_in a = {.sin_family = AF_INET};
	socklen_t len = sizeof a;

	*ret_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	g_assert_cmpint(bind(*ret_fd, (struct sockaddr *)&a, sizeof a), ==, 0);
	g_assert_cmpint(listen(*ret_fd, 1), ==, 0);
	g_assert_cmpint(getsockname(*ret_fd, (struct sockaddr *)&a, &len), ==,
			0);
	return ntohs(a.sin_port);
}

static void
set_up(Fixture *f, gconstpointer data)
{
	g_autofree char *file = NULL;
	g_autofree char *shown = NULL;
	g_autofree char *symbolic = NULL;

	f->top = g_dir_make_tmp("pli-sandbox-XXXXXX", NULL);
	f->mine = g_build_filename(f->top, "mine", NULL);
	f->shown = g_build_filename(f->top, "shown", NULL);
	f->secret = g_build_filename(f->top, "secret", NULL);
	g_assert_cmpint(g_mkdir(f->mine, 0700), ==, 0);
	g_assert_cmpint(g_mkdir(f->shown, 0700), ==, 0);
	file = g_build_filename(f->mine, "file", NULL);
	shown = g_build_filename(f->shown, "file", NULL);
	symbolic = g_build_filename(f->mine, "link", NULL);
	g_assert_true(g_file_set_contents(f->secret, "secret", -1, NULL));
	g_assert_true(g_file_set_contents(file, "file", -1, NULL));
	g_assert_true(g_file_set_contents(shown, "file", -1, NULL));
	g_assert_cmpint(symlink(f->secret, symbolic), ==, 0);
	f->port = listen_somewhere(&f->listener);
}

static void
remove_folder(const char *path)
{
	g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
	const char *name;

	while ((name = g_dir_read_name(dir)) != NULL) {
		g_autofree char *file = g_build_filename(path, name, NULL);

		g_unlink(file);
	}
	g_rmdir(path);
}

static void
tear_down(Fixture *f, gconstpointer data)
{
	close(f->listener);
	remove_folder(f->mine);
	remove_folder(f->shown);
	remove_folder(f->top);
	g_free(f->top);
	g_free(f->mine);
	g_free(f->shown);
	g_free(f->secret);
}

static gboolean
has_landlock(void)
{
	return syscall(444, NULL, 0, 1) > 0; /* landlock_create_ruleset */
}

static int
run_inside(const Fixture *f, int (*run)(const Fixture *f))
{
	const char *const readable[] = {f->shown, "/lib", "/usr/lib", "/proc",
					NULL};
	const char *const writable[] = {f->mine, NULL};
	const PliSandbox sandbox = {.mode = PLI_SANDBOX_ON,
				    .readable = readable,
				    .writable = writable};
	pid_t pid = fork();
	int status;

	if (pid == 0)
		_exit(pli_sandbox_enter(&sandbox, &log_nowhere, NULL)
			      ? run(f)
			      : NO_SANDBOX);
	g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static void
test_way(Fixture *f, gconstpointer data)
{
	const Way *way = data;

	if (way->of_landlock && !has_landlock()) {
		g_test_skip("the kernel has no Landlock");
		return;
	}
#if defined(__SANITIZE_ADDRESS__)
	if (!way->of_landlock && way->wanted != DID_IT) {
		g_test_skip("a sanitizer makes calls of its own: seccomp only "
			    "logs here");
		return;
	}
#endif
	g_assert_cmpint(run_inside(f, way->run), ==, way->wanted);
}

static void
test_unknown_user(void)
{
	g_autoptr(GError) error = NULL;

	g_assert_false(pli_sandbox_become("no-such-user", &error));
	g_assert_nonnull(strstr(error->message, "no-such-user"));
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	for (gsize i = 0; i < G_N_ELEMENTS(ways); i++) {
		g_autofree char *path = g_strconcat("/daemon/sandbox/",
						    ways[i].name, NULL);

		g_test_add(path, Fixture, &ways[i], set_up, test_way,
			   tear_down);
	}
	g_test_add_func("/daemon/sandbox/unknown-user", test_unknown_user);
	return g_test_run();
}
