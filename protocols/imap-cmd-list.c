/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* LIST (RFC 3501 6.3.8). */
#include "protocols/imap-name.h"
#include "protocols/imap-server-priv.h"

typedef struct {
	PliImapList detail;
	char *reference;
	char *pattern;
	char *whole; /* both together */
	char **names;
	GHashTable *is_name; /* names, to tell what only has children */
	GHashTable *told;    /* levels told already that are no mailboxes */
	guint next;
} List;

static void
list_free(gpointer data)
{
	List *list = data;

	g_free(list->reference);
	g_free(list->pattern);
	g_free(list->whole);
	g_strfreev(list->names);
	g_clear_pointer(&list->is_name, g_hash_table_unref);
	g_clear_pointer(&list->told, g_hash_table_unref);
	g_free(list);
}

gboolean
pli_imap_list_parse(PliImapServer *server, PliImapLexer *lexer)
{
	PliSlice reference, pattern;
	List *list;

	if (!pli_imap_lexer_take_space(lexer) ||
	    !pli_imap_lexer_take_astring(lexer, &reference) ||
	    !pli_imap_lexer_take_space(lexer) ||
	    !pli_imap_lexer_take_pattern(lexer, &pattern) ||
	    !pli_imap_lexer_take_end(lexer))
		return FALSE;
	list = g_new0(List, 1);
	list->reference = pli_slice_dup(reference);
	list->pattern = pli_slice_dup(pattern);
	list->whole = g_strconcat(list->reference, list->pattern, NULL);
	list->detail = (PliImapList){list->reference, list->pattern};
	server->command.data = list;
	server->command.free_data = list_free;
	return TRUE;
}

static void
append_name(PliImapServer *server, const char *flags, const char *name)
{
	pli_output_append_printf(&server->output, "* LIST (%s) \"/\" ", flags);
	pli_imap_server_append_quoted(server, name);
	pli_output_append_string(&server->output, "\r\n");
}

/* Levels above `name` that the pattern covers and that are no mailboxes. */
static void
append_levels(PliImapServer *server, List *list, const char *name)
{
	const char *slash = strchr(name, '/');

	for (; slash != NULL; slash = strchr(slash + 1, '/')) {
		gsize len = slash - name;
		char *level;

		if (!pli_imap_name_matches(list->whole, name, len))
			continue;
		level = g_strndup(name, len);
		if (!g_hash_table_contains(list->is_name, level) &&
		    !g_hash_table_contains(list->told, level)) {
			append_name(server, "\\Noselect", level);
			g_hash_table_add(list->told, level);
		} else {
			g_free(level);
		}
	}
}

static PliStep
list_resume(PliImapServer *server)
{
	List *list = server->command.data;
	const char *stored = list->names[list->next];
	g_autofree char *name = NULL;

	if (stored == NULL) {
		pli_imap_server_finish(server, PLI_IMAP_OK, NULL,
		                       "LIST completed");
		return PLI_STEP_READY;
	}
	list->next++;
	name = pli_imap_name_format(stored);
	if (name == NULL || strlen(name) > PLI_IMAP_NAME_OCTETS)
		return PLI_STEP_READY;
	append_levels(server, list, name);
	if (pli_imap_name_matches(list->whole, name, strlen(name)))
		append_name(server, "", name);
	return PLI_STEP_READY;
}

static void
list_answered(PliImapServer *server, const PliAnswer *answer)
{
	List *list = server->command.data;

	if (answer->verdict != PLI_VERDICT_ACCEPT) {
		pli_imap_server_refuse(server, answer, NULL,
		                       "The mailboxes cannot be listed");
		return;
	}
	list->names = answer->detail;
	g_assert(list->names != NULL);
	list->is_name = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
	                                      NULL);
	list->told = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
	                                   NULL);
	for (char **p = list->names; *p != NULL; p++) {
		char *name = pli_imap_name_format(*p);

		if (name != NULL)
			g_hash_table_add(list->is_name, name);
	}
	server->command.resume = list_resume;
}

void
pli_imap_list_act(PliImapServer *server)
{
	List *list = server->command.data;

	if (list->pattern[0] == '\0') {
		/* The root of the reference, and what stands between levels. */
		append_name(server, "\\Noselect", "");
		pli_imap_server_finish(server, PLI_IMAP_OK, NULL,
		                       "LIST completed");
	} else if (strlen(list->whole) > PLI_IMAP_NAME_OCTETS) {
		pli_imap_server_finish(server, PLI_IMAP_NO, "LIMIT",
		                       "The pattern is too long");
	} else {
		pli_imap_server_ask(server, PLI_IMAP_EVENT_LIST, &list->detail,
		                    list_answered);
	}
}
