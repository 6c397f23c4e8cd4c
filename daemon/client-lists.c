/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/client-lists.h"

#include "daemon/dns-list.h"

#define TEXT_OCTETS 300 /* of a TXT record, as told */

typedef struct {
	PliClientLists *lists;
	const PliDnsList *list;
	gboolean is_allow;
	char *name;
	PliDnsQuery *query; /* NULL: nothing is asked now */
	gboolean has_client;
	char *text; /* of the TXT record; NULL: none */
} Entry;

struct PliClientLists {
	PliDns *dns;
	PliConfig *config;
	const PliLog *log;
	char *peer;
	PliClientListsDone done;
	gpointer data;
	GArray *entries; /* Entry */
	guint n_open;
};

static void
log_trouble(const Entry *entry, PliDnsOutcome outcome)
{
	PliLogLine line;

	pli_log_line_begin(&line, entry->lists->log, "dns_list");
	pli_log_line_add_text(&line, "peer", entry->lists->peer);
	pli_log_line_add_text(&line, "list", entry->list->zone);
	pli_log_line_add_text(&line, "result",
			      pli_dns_outcome_get_name(outcome));
	pli_log_line_send(&line);
}

static void
close_entry(Entry *entry)
{
	PliClientLists *lists = entry->lists;

	if (--lists->n_open == 0)
		lists->done(lists->data);
}

/* The character-strings of a record one after the other (RFC 1035 3.3.14). */
static char *
read_text(PliSlice data)
{
	GString *text = g_string_new(NULL);

	while (data.len > 0 && text->len < TEXT_OCTETS) {
		gsize n = MIN(data.data[0], data.len - 1);

		g_string_append_len(text, (const char *)data.data + 1,
				    (gssize)MIN(n, TEXT_OCTETS - text->len));
		data = pli_slice_skip(data, n + 1);
	}
	/* a NUL would end it too early */
	for (gsize i = 0; i < text->len; i++)
		if (text->str[i] == '\0')
			text->str[i] = '?';
	return g_string_free(text, FALSE);
}

/* Without it the zone's name must do. */
static void
on_text(gpointer data, const PliDnsReply *reply)
{
	Entry *entry = data;

	entry->query = NULL;
	if (reply->n > 0)
		entry->text = read_text(reply->data[0]);
	close_entry(entry);
}

static void
on_address(gpointer data, const PliDnsReply *reply)
{
	Entry *entry = data;

	entry->query = NULL;
	for (guint i = 0; i < reply->n; i++)
		entry->has_client |= pli_dns_list_has_code(entry->list,
							   reply->data[i]);
	if (reply->outcome != PLI_DNS_FOUND && reply->outcome != PLI_DNS_NONE)
		log_trouble(entry, reply->outcome);
	if (entry->has_client && !entry->is_allow)
		entry->query = pli_dns_ask(entry->lists->dns, entry->name,
					   PLI_DNS_TXT, on_text, entry);
	else
		close_entry(entry);
}

static void
add_all(PliClientLists *lists, const GPtrArray *from, gboolean is_allow)
{
	for (guint i = 0; i < from->len; i++) {
		Entry entry = {.lists = lists,
			       .list = g_ptr_array_index(from, i),
			       .is_allow = is_allow};

		entry.name = pli_dns_list_make_name(entry.list, lists->peer);
		if (entry.name != NULL)
			g_array_append_val(lists->entries, entry);
	}
}

PliClientLists *
pli_client_lists_new(PliDns *dns, const PliConfig *config, const PliLog *log,
		     const char *peer, PliClientListsDone done, gpointer data)
{
	PliClientLists *lists = g_new0(PliClientLists, 1);

	lists->dns = dns;
	lists->config = pli_config_ref(config);
	lists->log = log;
	lists->peer = g_strdup(peer);
	lists->done = done;
	lists->data = data;
	lists->entries = g_array_new(FALSE, FALSE, sizeof(Entry));
	add_all(lists, config->block_lists, FALSE);
	add_all(lists, config->allow_lists, TRUE);
	if (lists->entries->len == 0) {
		pli_client_lists_free(lists);
		return NULL;
	}
	lists->n_open = lists->entries->len;
	for (guint i = 0; i < lists->entries->len; i++) {
		Entry *entry = &g_array_index(lists->entries, Entry, i);

		entry->query = pli_dns_ask(dns, entry->name, PLI_DNS_A,
					   on_address, entry);
	}
	return lists;
}

void
pli_client_lists_free(PliClientLists *lists)
{
	if (lists == NULL)
		return;
	for (guint i = 0; i < lists->entries->len; i++) {
		Entry *entry = &g_array_index(lists->entries, Entry, i);

		if (entry->query != NULL)
			pli_dns_cancel(entry->query);
		g_free(entry->name);
		g_free(entry->text);
	}
	g_array_unref(lists->entries);
	pli_config_free(lists->config);
	g_free(lists->peer);
	g_free(lists);
}

gboolean
pli_client_lists_is_done(const PliClientLists *lists)
{
	return lists->n_open == 0;
}

gboolean
pli_client_lists_is_allowed(const PliClientLists *lists)
{
	for (guint i = 0; i < lists->entries->len; i++) {
		const Entry *entry = &g_array_index(lists->entries, Entry, i);

		if (entry->is_allow && entry->has_client)
			return TRUE;
	}
	return FALSE;
}

char *
pli_client_lists_dup_refusal(const PliClientLists *lists)
{
	const Entry *first = NULL;
	guint64 score = 0;

	for (guint i = 0; i < lists->entries->len; i++) {
		const Entry *entry = &g_array_index(lists->entries, Entry, i);

		if (entry->is_allow || !entry->has_client)
			continue;
		score += entry->list->weight;
		if (first == NULL ||
		    (first->text == NULL && entry->text != NULL))
			first = entry;
	}
	if (first == NULL || score < lists->config->dns_list_score)
		return NULL;
	return g_strdup_printf("your address %s is on the list %s%s%s",
			       lists->peer, first->list->zone,
			       first->text != NULL ? ": " : "",
			       first->text != NULL ? first->text : "");
}
