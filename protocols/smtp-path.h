/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The path of MAIL and RCPT (RFC 5321 4.1.2): <mailbox>, <@route:mailbox>,
 * <postmaster>, <>.
 *
 * Reads octets, looks nothing up. A source route is accepted and dropped
 * (RFC 5321 C). Limits are those of RFC 5321 4.5.3.1: local part 64, domain
 * 255, path 256 octets with its brackets and route.
 */
#ifndef PLI_PROTOCOLS_SMTP_PATH_H
#define PLI_PROTOCOLS_SMTP_PATH_H

#include "engine/slice.h"

#define PLI_SMTP_PATH_LOCAL_MAX 64
#define PLI_SMTP_PATH_DOMAIN_MAX 255
#define PLI_SMTP_PATH_MAX 256

/* All strings lie in the path's own allocation and hold no controls; octets
 * over 126 only with PLI_SMTP_PATH_UTF8, as whole characters. */
typedef struct {
	const char *local;    /* unquoted; "" for <> and <""@...> */
	const char *domain;   /* as written, literals with []; "" if bare */
	const char *text;     /* the mailbox as written, without <> and route */
	const char *original; /* all of it, with <> and route */
	gboolean is_literal;  /* the domain is an address literal */
} PliSmtpPath;

/* What the path may be besides <local@domain>. */
typedef enum {
	PLI_SMTP_PATH_NULL = 1 << 0,       /* <> */
	PLI_SMTP_PATH_POSTMASTER = 1 << 1, /* <postmaster> */
	PLI_SMTP_PATH_BARE = 1 << 2,       /* <local> */
	PLI_SMTP_PATH_UTF8 = 1 << 3,       /* with UTF-8 (RFC 6531 3.3) */
} PliSmtpPathFlags;

typedef enum {
	PLI_SMTP_PATH_OK,
	PLI_SMTP_PATH_NO_BRACKETS, /* does not begin with < or never ends */
	PLI_SMTP_PATH_EMPTY,       /* <> where it is not allowed */
	PLI_SMTP_PATH_BAD_ROUTE,
	PLI_SMTP_PATH_BAD_LOCAL,
	PLI_SMTP_PATH_NO_DOMAIN,
	PLI_SMTP_PATH_BAD_DOMAIN,
	PLI_SMTP_PATH_BAD_LITERAL,
	PLI_SMTP_PATH_LONG_LOCAL,
	PLI_SMTP_PATH_LONG_DOMAIN,
	PLI_SMTP_PATH_LONG,
	PLI_SMTP_PATH_NOT_ASCII, /* would need SMTPUTF8 */
	PLI_SMTP_PATH_NOT_UTF8,
} PliSmtpPathResult;

/*
 * Reads the path that `in` begins with. On OK *ret_path (free with
 * pli_smtp_path_free) and *ret_used, the octets up to and with the '>', are
 * set; on anything else nothing is.
 */
PliSmtpPathResult
pli_smtp_path_parse(PliSlice in, PliSmtpPathFlags flags, PliSmtpPath **ret_path,
                    gsize *ret_used);

void
pli_smtp_path_free(PliSmtpPath *path);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(PliSmtpPath, pli_smtp_path_free)

/* A sentence for the peer that says what was expected. */
const char *
pli_smtp_path_get_text(PliSmtpPathResult result);

/* Whether `s` is a Domain (RFC 5321 4.1.2) in US-ASCII. */
gboolean
pli_smtp_path_is_domain(PliSlice s);

/* Whether `s` is "[1.2.3.4]" or "[IPv6:...]" (RFC 5321 4.1.3); no other tag
 * is registered for mail. */
gboolean
pli_smtp_path_is_literal(PliSlice s);

#endif
