/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PLI_DAEMON_SANDBOX_PRIV_H
#define PLI_DAEMON_SANDBOX_PRIV_H

#include "daemon/sandbox.h"

/* seccomp's part (sandbox-calls.c). */
gboolean
pli_sandbox_filter_calls(const PliSandbox *sandbox, GError **error);

/* Landlock's (sandbox-files.c). */
gboolean
pli_sandbox_limit_files(const PliSandbox *sandbox, const PliLog *log,
			GError **error);

#endif
