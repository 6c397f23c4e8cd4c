/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* LOGIN (RFC 9051 6.2.3). */
#include "protocols/imap-server-priv.h"

typedef struct {
	PliImapLogin detail;
	char *user;
	char *password;
} Login;

static void
login_free(gpointer data)
{
	Login *login = data;

	if (login->password != NULL)
		memset(login->password, 0, strlen(login->password));
	g_free(login->user);
	g_free(login->password);
	g_free(login);
}

gboolean
pli_imap_login_parse(PliImapServer *server, PliImapLexer *lexer)
{
	PliSlice user, password;
	Login *login;

	if (!pli_imap_lexer_take_space(lexer) ||
	    !pli_imap_lexer_take_astring(lexer, &user) ||
	    !pli_imap_lexer_take_space(lexer) ||
	    !pli_imap_lexer_take_astring(lexer, &password) ||
	    !pli_imap_lexer_take_end(lexer))
		return FALSE;
	login = g_new0(Login, 1);
	login->user = pli_slice_dup(user);
	login->password = pli_slice_dup(password);
	login->detail = (PliImapLogin){login->user, login->password};
	server->command.data = login;
	server->command.free_data = login_free;
	return TRUE;
}

static void
login_answered(PliImapServer *server, const PliAnswer *answer)
{
	g_autofree char *code = NULL;

	if (answer->verdict != PLI_VERDICT_ACCEPT) {
		pli_imap_server_refuse(server, answer, "AUTHENTICATIONFAILED",
		                       "Wrong user or password");
		pli_imap_server_count_bad(server);
		return;
	}
	server->phase = PLI_IMAP_PHASE_AUTHENTICATED;
	code = g_strconcat("CAPABILITY ",
	                   pli_imap_server_get_capabilities(server), NULL);
	pli_imap_server_finish(server, PLI_IMAP_OK, code, "Logged in");
}

void
pli_imap_login_act(PliImapServer *server)
{
	Login *login = server->command.data;

	if (!server->config.allow_login && !server->is_tls) {
		pli_imap_server_finish(server, PLI_IMAP_NO, "PRIVACYREQUIRED",
		                       "LOGIN needs TLS here");
		return;
	}
	pli_imap_server_ask(server, PLI_IMAP_EVENT_LOGIN, &login->detail,
	                    login_answered);
}
