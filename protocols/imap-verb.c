/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "protocols/imap-verb.h"

#define ANY PLI_IMAP_PHASE_ANY
#define LOGIN PLI_IMAP_PHASE_LOGIN
#define LOGGED_IN PLI_IMAP_PHASE_LOGGED_IN
#define SELECTED PLI_IMAP_PHASE_SELECTED
#define UID PLI_IMAP_VERB_UID
#define REFUSED PLI_IMAP_VERB_REFUSED

static const PliImapVerb verbs[] = {
	{"CAPABILITY", ANY, 0, NULL, pli_imap_capability_act},
	{"CHECK", SELECTED, 0, NULL, pli_imap_noop_act},
	{"CLOSE", SELECTED, 0, NULL, pli_imap_close_act},
	{"EXAMINE", LOGGED_IN, 0, pli_imap_select_parse, pli_imap_select_act},
	{"FETCH", SELECTED, UID, pli_imap_fetch_parse, pli_imap_fetch_act},
	{"LIST", LOGGED_IN, 0, pli_imap_list_parse, pli_imap_list_act},
	{"LOGIN", LOGIN, 0, pli_imap_login_parse, pli_imap_login_act},
	{"LOGOUT", ANY, 0, NULL, pli_imap_logout_act},
	{"NOOP", ANY, 0, NULL, pli_imap_noop_act},
	{"SELECT", LOGGED_IN, 0, pli_imap_select_parse, pli_imap_select_act},
	{"STARTTLS", LOGIN, 0, NULL, pli_imap_starttls_act},
	{"STATUS", LOGGED_IN, 0, pli_imap_status_parse, pli_imap_status_act},
	{"UNSELECT", SELECTED, 0, NULL, pli_imap_close_act},

	/* RFC 3501's that this server does not offer. */
	{"APPEND", LOGGED_IN, REFUSED, NULL, NULL},
	{"AUTHENTICATE", LOGIN, REFUSED, NULL, NULL},
	{"COPY", SELECTED, UID | REFUSED, NULL, NULL},
	{"CREATE", LOGGED_IN, REFUSED, NULL, NULL},
	{"DELETE", LOGGED_IN, REFUSED, NULL, NULL},
	{"EXPUNGE", SELECTED, REFUSED, NULL, NULL},
	{"LSUB", LOGGED_IN, REFUSED, NULL, NULL},
	{"RENAME", LOGGED_IN, REFUSED, NULL, NULL},
	{"SEARCH", SELECTED, UID | REFUSED, NULL, NULL},
	{"STORE", SELECTED, UID | REFUSED, NULL, NULL},
	{"SUBSCRIBE", LOGGED_IN, REFUSED, NULL, NULL},
	{"UNSUBSCRIBE", LOGGED_IN, REFUSED, NULL, NULL},
};

const PliImapVerb *
pli_imap_verb_find(PliSlice name, gboolean by_uid)
{
	for (gsize i = 0; i < G_N_ELEMENTS(verbs); i++)
		if (pli_slice_is(name, verbs[i].name) &&
		    (!by_uid || (verbs[i].flags & UID)))
			return &verbs[i];
	return NULL;
}
