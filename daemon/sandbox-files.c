/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Landlock: which files and TCP ports there are. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "daemon/sandbox-priv.h"

/* As in linux/landlock.h, which is older than the kernel on some systems. */
enum {
	READ_FILE = 1 << 2,
	READ_DIR = 1 << 3,
	TRUNCATE = 1 << 14,
	FS_ABI_1 = (1 << 13) - 1,
	REFER = 1 << 13,    /* ABI 2: links and renames between folders */
	IOCTL_DEV = 1 << 15, /* ABI 5 */
	OF_FILES = READ_FILE | 1 << 0 | 1 << 1 | TRUNCATE | IOCTL_DEV,
};

enum { NET_BIND = 1 << 0, NET_CONNECT = 1 << 1 }; /* ABI 4 */
enum { SCOPE_UNIX = 1 << 0, SCOPE_SIGNAL = 1 << 1 }; /* ABI 6 */
enum { RULE_PATH = 1, RULE_PORT = 2 };
enum { RULESET_VERSION = 1 << 0 };

typedef struct {
	guint64 files, net, scoped;
} RulesetAttr;

typedef struct {
	guint64 allowed;
	gint32 parent_fd;
} __attribute__((packed)) PathAttr;

typedef struct {
	guint64 allowed, port;
} PortAttr;

#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule 445
#define SYS_landlock_restrict_self 446
#endif

#define DNS_PORT 53

static gboolean
fail(GError **error, const char *what)
{
	g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(errno),
		    "Landlock: cannot %s: %s", what, g_strerror(errno));
	return FALSE;
}

/* All that the kernel can forbid. */
static RulesetAttr
list_rights(int abi)
{
	RulesetAttr attr = {.files = FS_ABI_1};

	if (abi >= 2)
		attr.files |= REFER;
	if (abi >= 3)
		attr.files |= TRUNCATE;
	if (abi >= 4)
		attr.net = NET_BIND | NET_CONNECT;
	if (abi >= 5)
		attr.files |= IOCTL_DEV;
	if (abi >= 6)
		attr.scoped = SCOPE_UNIX | SCOPE_SIGNAL;
	return attr;
}

static int
make_ruleset(int abi, const RulesetAttr *attr)
{
	gsize len = abi >= 6   ? sizeof(*attr)
		    : abi >= 4 ? 2 * sizeof(guint64)
			       : sizeof(guint64);

	return (int)syscall(SYS_landlock_create_ruleset, attr, len, 0);
}

static gboolean
allow_path(int ruleset, const char *path, guint64 rights, GError **error)
{
	PathAttr attr = {.allowed = rights};
	struct stat st;
	int result;

	attr.parent_fd = open(path, O_PATH | O_CLOEXEC);
	if (attr.parent_fd < 0)
		return errno == ENOENT || fail(error, path);
	if (fstat(attr.parent_fd, &st) == 0 && !S_ISDIR(st.st_mode))
		attr.allowed &= OF_FILES;
	result = (int)syscall(SYS_landlock_add_rule, ruleset, RULE_PATH, &attr,
			      0);
	close(attr.parent_fd);
	return result == 0 || fail(error, path);
}

static gboolean
allow_port(int ruleset, guint port, GError **error)
{
	const PortAttr attr = {NET_CONNECT, port};

	return syscall(SYS_landlock_add_rule, ruleset, RULE_PORT, &attr, 0) ==
		       0 ||
	       fail(error, "allow a port");
}

static gboolean
allow_all(int ruleset, const PliSandbox *sandbox, const RulesetAttr *attr,
	  GError **error)
{
	gboolean good = TRUE;

	for (guint i = 0; good && sandbox->readable[i] != NULL; i++)
		good = allow_path(ruleset, sandbox->readable[i],
				  READ_FILE | READ_DIR, error);
	for (guint i = 0; good && sandbox->writable[i] != NULL; i++)
		/* but nothing that is run from there, and no device */
		good = allow_path(ruleset, sandbox->writable[i],
				  attr->files &
					  ~(guint64)(1 << 0 | 1 << 6 | 1 << 11 |
						     IOCTL_DEV),
				  error);
	if (good && attr->net != 0 && sandbox->asks_dns)
		good = allow_port(ruleset, DNS_PORT, error) &&
		       (sandbox->dns_port == 0 ||
			allow_port(ruleset, sandbox->dns_port, error));
	return good;
}

gboolean
pli_sandbox_limit_files(const PliSandbox *sandbox, const PliLog *log,
			GError **error)
{
	int abi = (int)syscall(SYS_landlock_create_ruleset, NULL, 0,
			       RULESET_VERSION);
	RulesetAttr attr;
	gboolean good;
	int ruleset;

	if (abi < 1) {
		pli_log_notice(log, "the kernel has no Landlock: a process "
				    "that is taken over reads what its user "
				    "may read");
		return TRUE;
	}
	attr = list_rights(abi);
	ruleset = make_ruleset(abi, &attr);
	if (ruleset < 0)
		return fail(error, "make rules");
	good = allow_all(ruleset, sandbox, &attr, error) &&
	       (syscall(SYS_landlock_restrict_self, ruleset, 0) == 0 ||
		fail(error, "keep to the rules"));
	close(ruleset);
	return good;
}
