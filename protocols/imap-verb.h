/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The table of IMAP commands: one row each, found by name.
 */
#ifndef PLI_PROTOCOLS_IMAP_VERB_H
#define PLI_PROTOCOLS_IMAP_VERB_H

#include "protocols/imap-lexer.h"

typedef struct PliImapServer PliImapServer;

/* States of RFC 9051 3, as a mask. */
typedef enum {
	PLI_IMAP_PHASE_LOGIN = 1 << 0,
	PLI_IMAP_PHASE_AUTHENTICATED = 1 << 1,
	PLI_IMAP_PHASE_SELECTED = 1 << 2,
	PLI_IMAP_PHASE_LOGOUT = 1 << 3,
	PLI_IMAP_PHASE_LOGGED_IN = 6,
	PLI_IMAP_PHASE_ANY = 7,
} PliImapPhase;

enum {
	PLI_IMAP_VERB_UID = 1 << 0,     /* may also come after UID */
	PLI_IMAP_VERB_REFUSED = 1 << 1, /* known, but not offered */
};

typedef struct {
	const char *name;
	guint phases;
	guint flags;
	/* Reads what follows the name, its space included, to the end. FALSE:
	 * BAD with the lexer's error. NULL: there are no arguments. */
	gboolean (*parse)(PliImapServer *server, PliImapLexer *lexer);
	void (*act)(PliImapServer *server);
} PliImapVerb;

/* NULL when there is no such command (with UID before it, if by_uid). */
const PliImapVerb *
pli_imap_verb_find(PliSlice name, gboolean by_uid);

/* The rows' functions; SELECT and EXAMINE and so on share theirs. */
void
pli_imap_capability_act(PliImapServer *server);
void
pli_imap_close_act(PliImapServer *server);
gboolean
pli_imap_fetch_parse(PliImapServer *server, PliImapLexer *lexer);
void
pli_imap_fetch_act(PliImapServer *server);
gboolean
pli_imap_list_parse(PliImapServer *server, PliImapLexer *lexer);
void
pli_imap_list_act(PliImapServer *server);
gboolean
pli_imap_login_parse(PliImapServer *server, PliImapLexer *lexer);
void
pli_imap_login_act(PliImapServer *server);
void
pli_imap_logout_act(PliImapServer *server);
void
pli_imap_noop_act(PliImapServer *server);
void
pli_imap_starttls_act(PliImapServer *server);
gboolean
pli_imap_select_parse(PliImapServer *server, PliImapLexer *lexer);
void
pli_imap_select_act(PliImapServer *server);
gboolean
pli_imap_status_parse(PliImapServer *server, PliImapLexer *lexer);
void
pli_imap_status_act(PliImapServer *server);

#endif
