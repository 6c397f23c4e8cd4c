/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* seccomp: which system calls there are. */
#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/sandbox-priv.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define HAS_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define HAS_SANITIZER 1
#endif
#endif
#ifndef HAS_SANITIZER
#define HAS_SANITIZER 0
#endif

/* Files, memory, time, threads, and sockets that are there already. */
static const char *const allowed[] = {
	"accept4", "access", "arch_prctl", "brk", "clock_getres",
	"clock_gettime", "clock_nanosleep", "close", "close_range",
	"copy_file_range", "dup", "dup2", "dup3", "epoll_create1", "epoll_ctl",
	"epoll_pwait", "epoll_pwait2", "epoll_wait", "eventfd2", "exit",
	"exit_group", "faccessat", "faccessat2", "fadvise64", "fallocate",
	"fchmod", "fchmodat", "fcntl", "fdatasync", "flock", "fstat", "fstatfs",
	"fsync", "ftruncate", "futex", "getcwd", "getdents64", "getegid",
	"geteuid", "getgid", "getpeername", "getpid", "getppid", "getrandom",
	"getrlimit", "getrusage", "getsockname", "getsockopt", "gettid",
	"gettimeofday", "getuid", "ioctl", "link", "linkat", "lseek", "lstat",
	"madvise", "membarrier", "mkdir", "mkdirat", "mmap", "mremap", "munmap",
	"nanosleep", "newfstatat", "open", "openat", "pipe2", "poll", "ppoll",
	"pread64", "preadv", "pselect6", "pwrite64", "pwritev", "read",
	"readlink", "readlinkat", "readv", "recvfrom", "recvmmsg", "recvmsg",
	"rename", "renameat", "renameat2", "restart_syscall", "rmdir", "rseq",
	"rt_sigaction", "rt_sigpending", "rt_sigprocmask", "rt_sigreturn",
	"rt_sigtimedwait", "sched_getaffinity", "sched_getattr",
	"sched_getparam", "sched_getscheduler", "sched_setattr", "sched_yield",
	"select", "sendfile", "sendmmsg", "sendmsg", "sendto",
	"set_robust_list", "setsockopt", "shutdown", "sigaltstack", "splice",
	"stat", "statfs", "statx", "sync_file_range", "sysinfo",
	"time", "timerfd_create", "timerfd_settime", "times", "truncate",
	"umask", "uname", "unlink", "unlinkat", "utimensat", "write", "writev",
};

/* These lead out. Who makes one is not ours any more. */
static const char *const deadly[] = {
	"acct", "add_key", "bpf", "chroot", "delete_module", "execve",
	"execveat", "finit_module", "fsconfig", "fsmount", "fsopen", "fspick",
	"init_module", "io_uring_setup", "ioperm", "iopl", "kcmp",
	"kexec_file_load", "kexec_load", "keyctl", "mount", "mount_setattr",
	"move_mount", "name_to_handle_at", "open_by_handle_at", "open_tree",
	"perf_event_open", "personality", "pidfd_getfd", "pidfd_open",
	"pidfd_send_signal", "pivot_root", "process_madvise",
	"process_vm_readv", "process_vm_writev", "ptrace", "reboot",
	"request_key", "setdomainname", "setfsgid", "setfsuid", "setgid",
	"setgroups", "sethostname", "setns", "setregid", "setresgid",
	"setresuid", "setreuid", "settimeofday", "setuid", "swapoff", "swapon",
	"umount2", "unshare", "userfaultfd",
};

static gboolean
fail(GError **error, int code, const char *what)
{
	g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(-code),
		    "seccomp: cannot %s: %s", what, g_strerror(-code));
	return FALSE;
}

/* 0, or a negative errno. Calls of other architectures are passed over. */
static int
add_names(scmp_filter_ctx filter, guint32 action, const char *const *names,
	  gsize n)
{
	int code = 0;

	for (gsize i = 0; i < n && code == 0; i++) {
		int call = seccomp_syscall_resolve_name(names[i]);

		if (call >= 0)
			code = seccomp_rule_add(filter, action, call, 0);
	}
	return code;
}

/* Threads, but no processes; signals, but to ourselves; code that lies in a
 * file, but none that was written. */
static int
add_conditions(scmp_filter_ctx filter)
{
	const struct {
		int call;
		struct scmp_arg_cmp if_so;
	} rows[] = {
		{SCMP_SYS(clone), SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD,
					  CLONE_THREAD)},
		{SCMP_SYS(mprotect), SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)},
		{SCMP_SYS(tgkill), SCMP_A0(SCMP_CMP_EQ, (guint64)getpid())},
		{SCMP_SYS(prctl), SCMP_A0(SCMP_CMP_EQ, PR_SET_NAME)},
		{SCMP_SYS(prctl), SCMP_A0(SCMP_CMP_EQ, 0x53564d41)}, /* VMA */
		{SCMP_SYS(prlimit64), SCMP_A2(SCMP_CMP_EQ, 0)},
	};
	int code = 0;

	for (gsize i = 0; i < G_N_ELEMENTS(rows) && code == 0; i++)
		code = seccomp_rule_add(filter, SCMP_ACT_ALLOW, rows[i].call, 1,
					rows[i].if_so);
	return code;
}

static int
add_dns(scmp_filter_ctx filter)
{
	static const char *const calls[] = {"bind", "connect"};
	const int families[] = {AF_INET, AF_INET6};
	int code = add_names(filter, SCMP_ACT_ALLOW, calls,
			     G_N_ELEMENTS(calls));

	/* between libunbound's thread and the others */
	if (code == 0)
		code = seccomp_rule_add(filter, SCMP_ACT_ALLOW,
					SCMP_SYS(socketpair), 1,
					SCMP_A0(SCMP_CMP_EQ, AF_UNIX));
	for (gsize i = 0; i < G_N_ELEMENTS(families) && code == 0; i++)
		code = seccomp_rule_add(
			filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1,
			SCMP_A0(SCMP_CMP_EQ, (guint64)families[i]));
	return code;
}

gboolean
pli_sandbox_filter_calls(const PliSandbox *sandbox, GError **error)
{
	gboolean logs = HAS_SANITIZER || sandbox->mode == PLI_SANDBOX_LOG;
	scmp_filter_ctx filter = seccomp_init(
		logs ? SCMP_ACT_LOG : SCMP_ACT_ERRNO(ENOSYS));
	int code = filter == NULL ? -ENOMEM : 0;

	if (code == 0)
		code = add_names(filter, SCMP_ACT_ALLOW, allowed,
				 G_N_ELEMENTS(allowed));
	if (code == 0)
		code = add_conditions(filter);
	if (code == 0 && sandbox->asks_dns)
		code = add_dns(filter);
	if (code == 0 && !logs)
		code = add_names(filter, SCMP_ACT_KILL_PROCESS, deadly,
				 G_N_ELEMENTS(deadly));
	if (code == 0)
		code = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if (code == 0)
		code = seccomp_load(filter);
	if (filter != NULL)
		seccomp_release(filter);
	return code == 0 || fail(error, code, "filter system calls");
}
