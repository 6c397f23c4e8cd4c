/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Passwords that PAM judges, for accounts whose line in the file says so.
 *
 * PAM's modules read what they like, start programs, hang, crash and change how
 * signals are taken, so none of them is loaded here: a program of ours,
 * pli-pam, is started before the auth process gives up its rights, and asks PAM
 * in a child of its own each time, in bounded time. Each request is one message
 * on the socket that is its standard input: two strings, each with its NUL, the
 * name and the password. Each has one message for its reply: a PliPamReply and
 * a reason. It ends when the socket is closed.
 */
#ifndef PLI_DAEMON_PAM_H
#define PLI_DAEMON_PAM_H

#include "daemon/sasl.h"
#include "store/users.h"

#define PLI_PAM_SECONDS 10 /* that an answer may take */
#define PLI_PAM_REQUEST_OCTETS 2048
#define PLI_PAM_REPLY_OCTETS 256

typedef enum {
	PLI_PAM_REPLY_GOOD = '+',
	PLI_PAM_REPLY_REFUSED = '-',
	PLI_PAM_REPLY_TROUBLE = '!',
} PliPamReply;

typedef enum {
	PLI_PAM_ERROR_SETUP,
} PliPamError;

#define PLI_PAM_ERROR (pli_pam_error_quark())
GQuark
pli_pam_error_quark(void);

typedef struct PliPam PliPam;

/* Looks whether there is PAM, and rules for `service`, in `directory` or ("")
 * where the system has them. */
PliPam *
pli_pam_new(const char *service, const char *directory);

/* Starts the program, unless something is missing. */
void
pli_pam_start(PliPam *pam);

/* Which ends it. */
void
pli_pam_free(PliPam *pam);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(PliPam, pli_pam_free)

/* Whether these accounts can be served; FALSE only when one of them, which
 * `file` holds, is PAM's: PLI_PAM_ERROR. */
gboolean
pli_pam_check_users(const PliPam *pam, const PliUsers *users, const char *file,
                    GError **error);

/* Whether PAM knows the name by that password, and holds the account for
 * valid. DONE, REFUSED or TROUBLE; *ret_reason says why not, to be freed, and
 * is set in each case. Blocks, a little more than PLI_PAM_SECONDS at most, and
 * belongs to one thread: never on the loop. When the program has gone, so goes
 * the process, to be started again with another. */
PliSaslResult
pli_pam_check(PliPam *pam, const char *name, const char *password,
              char **ret_reason);

#endif
