/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/message.h"

#include "daemon/retry.h"
#include "daemon/trace.h"
#include "engine/date.h"
#include "engine/derive.h"
#include "engine/field-name.h"

#define SPARE_PARSERS 16
#define SPARE_PARSER_OCTETS (256 * 1024) /* larger ones are freed */

G_DEFINE_QUARK(pli-message-error, pli_message_error)

static PliParser *
take_parser(PliServices *services)
{
	if (services->parsers->len > 0)
		return g_ptr_array_steal_index_fast(
		        services->parsers, services->parsers->len - 1);
	return pli_parser_new(PLI_LINE_AS_IS, NULL);
}

static void
give_parser(PliServices *services, PliParser *parser)
{
	if (parser == NULL)
		return;
	pli_parser_reset(parser);
	if (services->parsers->len < SPARE_PARSERS &&
	    pli_parser_get_memory(parser) <= SPARE_PARSER_OCTETS)
		g_ptr_array_add(services->parsers, parser);
	else
		pli_parser_free(parser);
}

/* Unique on this host: microseconds and a count, in base 36. */
static char *
make_id(PliServices *services)
{
	static const char digits[] = "0123456789abcdefghijklmnopqrstuvwxyz";
	guint64 number = (guint64)g_get_real_time();
	char text[32];
	gsize at = sizeof text;

	text[--at] = '\0';
	for (; number > 0; number /= 36)
		text[--at] = digits[number % 36];
	return g_strdup_printf("%s-%" G_GINT64_MODIFIER "x", text + at,
	                       services->next_message++);
}

PliMessage *
pli_message_new(PliServices *services)
{
	PliMessage *message = g_new0(PliMessage, 1);

	message->services = services;
	message->config = pli_config_ref(services->config);
	message->id = make_id(services);
	message->parser = take_parser(services);
	message->entry = pli_spool_entry_new(services->spool->spool);
	message->start_us = g_get_monotonic_time();
	return message;
}

void
pli_message_free(PliMessage *message)
{
	if (message == NULL)
		return;
	give_parser(message->services, message->parser);
	pli_config_free(message->config);
	pli_spool_entry_free(message->entry);
	pli_structure_unref(message->structure);
	pli_structure_unref(message->plain);
	g_clear_error(&message->error);
	g_clear_pointer(&message->recipients, g_array_unref);
	g_clear_pointer(&message->rows, g_hash_table_unref);
	EVP_MD_CTX_free(message->digest);
	g_free(message->transactions);
	if (message->prefix != NULL)
		g_string_free(message->prefix, TRUE);
	g_free(message->parameters);
	g_free(message->recipient);
	g_free(message->sender);
	g_free(message->helo);
	g_free(message->peer);
	g_free(message->peer_name);
	g_strfreev(message->forwarded);
	g_free(message->user);
	g_free(message->tls);
	g_free(message->id);
	g_free(message);
}

/* One row an account, though several recipients lead there. */
static void
add_accounts(PliMessage *message, const PliSmtpRcpt *rcpt, char **accounts)
{
	for (; *accounts != NULL; accounts++) {
		PliSpoolRecipient row = {rcpt->path->text, *accounts,
		                         rcpt->parameters, NULL};
		guint n = message->recipients->len;

		if (g_hash_table_contains(message->rows, *accounts))
			continue;
		pli_spool_recipients_add(message->recipients, &row);
		g_hash_table_insert(message->rows, g_strdup(*accounts),
		                    GUINT_TO_POINTER(n));
	}
}

guint
pli_message_find_row(const PliMessage *message, const char *account)
{
	gpointer row;

	if (!g_hash_table_lookup_extended(message->rows, account, NULL, &row))
		g_assert_not_reached();
	return GPOINTER_TO_UINT(row);
}

static char **
dup_forwarded(const PliSmtpClient *client)
{
	const struct {
		const char *key, *value;
	} rows[] = {
	        {"forwarded_name", client->name},
	        {"forwarded_address", client->address},
	        {"forwarded_port", client->port},
	        {"forwarded_protocol", client->protocol},
	        {"forwarded_helo", client->helo},
	        {"forwarded_ident", client->ident},
	        {"forwarded_source", client->source},
	};
	GPtrArray *words = g_ptr_array_new();
	guint i;

	for (i = 0; i < G_N_ELEMENTS(rows); i++) {
		if (rows[i].value == NULL)
			continue;
		g_ptr_array_add(words, g_strdup(rows[i].key));
		g_ptr_array_add(words, g_strdup(rows[i].value));
	}
	g_ptr_array_add(words, NULL);
	return (char **)g_ptr_array_free(words, FALSE);
}

void
pli_message_begin(PliMessage *message, const PliSmtpEnvelope *envelope,
                  const GPtrArray *targets)
{
	guint i;

	message->seconds = g_get_real_time() / G_USEC_PER_SEC;
	message->sender = g_strdup(envelope->mail->path->text);
	message->parameters = g_strdup(envelope->mail->parameters);
	message->recipients = pli_spool_recipients_new();
	message->rows = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
	                                      NULL);
	for (i = 0; i < envelope->n_recipients; i++)
		add_accounts(message, envelope->recipients[i],
		             g_ptr_array_index(targets, i));
	message->recipient = g_strdup(envelope->recipients[0]->path->text);
	message->n_recipients = envelope->n_recipients;
	message->protocol = envelope->protocol;
	message->helo = g_strdup(envelope->helo);
	message->peer = g_strdup(envelope->peer);
	message->user = g_strdup(envelope->user);
	if (envelope->forwarded != NULL)
		message->forwarded = dup_forwarded(envelope->forwarded);
	if (envelope->tls != NULL)
		message->tls = g_strdup(envelope->tls->cipher);
	message->utf8 = envelope->mail->utf8;
	if (message->is_retried) {
		message->digest = EVP_MD_CTX_new();
		g_assert(EVP_DigestInit_ex(message->digest, EVP_sha256(),
		                           NULL));
	}
}

static guint
count_fields(const PliStructure *structure, PliFieldName name)
{
	PliPart root;
	guint32 i;
	guint n = 0;

	pli_structure_get_part(structure, 0, &root);
	for (i = 0; i < root.n_fields; i++) {
		PliField field;

		pli_structure_get_field(structure, root.first_field + i,
		                        &field);
		n += field.name == name;
	}
	return n;
}

/* What a client that submits may leave to us (RFC 6409 8). */
static void
add_missing(PliMessage *message, const PliStructure *plain)
{
	GString *prefix = message->prefix;
	char date[40];

	if (count_fields(plain, PLI_FIELD_NAME_DATE) == 0) {
		pli_date_format(message->seconds, 0, date);
		g_string_append_printf(prefix, "Date: %s\r\n", date);
	}
	if (count_fields(plain, PLI_FIELD_NAME_MESSAGE_ID) == 0)
		g_string_append_printf(prefix, "Message-ID: <%s@%s>\r\n",
		                       message->id,
		                       message->config->hostname);
}

static void
add_trace(PliMessage *message)
{
	g_autofree char *text = NULL;
	PliTrace trace = {
	        .sender = message->sender,
	        .helo = message->helo,
	        .peer = message->peer,
	        .name = message->peer_name,
	        .hostname = message->config->hostname,
	        .protocol = message->protocol,
	        .tls = message->tls,
	        .utf8 = message->utf8,
	        .id = message->id,
	        .seconds = message->seconds,
	};

	if (message->n_recipients == 1)
		trace.recipient = message->recipient;
	text = pli_trace_format(&trace);
	g_string_append(message->prefix, text);
}

/* What is put before the message; `plain` is its structure, or as much of it
 * as has its header. */
static void
set_prefix(PliMessage *message, const PliStructure *plain)
{
	message->prefix = g_string_new(NULL);
	add_trace(message);
	if (message->is_submitted)
		add_missing(message, plain);
	pli_spool_entry_set_prefix(message->entry,
	                           pli_slice_new(message->prefix->str,
	                                         message->prefix->len));
}

/*
 * The entry goes over to a file, which is to begin with the trace fields, so
 * that it is written once. A header that has not ended by then (it has more
 * octets than a row of the spool) may lack what a submitted message must have:
 * that one's trace fields are kept apart, and copied with it.
 */
static void
begin_file(PliMessage *message)
{
	g_autoptr(PliStructure) seen = NULL;
	PliPart root;

	if (!message->is_submitted) {
		set_prefix(message, NULL);
		return;
	}
	pli_parser_get_part(message->parser, 0, &root);
	if (root.body.offset == 0)
		return;
	seen = pli_parser_snapshot(message->parser);
	set_prefix(message, seen);
}

void
pli_message_append(PliMessage *message, PliSlice octets)
{
	gboolean was_held = pli_spool_entry_may_hold(message->entry, 0);

	message->octets += octets.len;
	if (message->error != NULL)
		return;
	pli_parser_scan(message->parser, octets);
	if (message->digest != NULL)
		EVP_DigestUpdate(message->digest, octets.data, octets.len);
	if (was_held && !pli_spool_entry_may_hold(message->entry, octets.len))
		begin_file(message);
	pli_spool_entry_append(message->entry, octets, &message->error);
}

void
pli_message_end_scan(PliMessage *message)
{
	PliServices *services = message->services;
	guint64 scanned;
	PliParserEvent event;

	pli_parser_finish(message->parser, PLI_FINISH_COMPLETE);
	while (pli_parser_next(message->parser, &event) == PLI_STEP_READY)
		;
	scanned = pli_parser_get_scanned(message->parser);
	pli_counters_add(services->counters, octets_received,
	                 message->octets - message->resumed_octets);
	pli_counters_add(services->counters, octets_scanned,
	                 scanned - message->resumed_octets);
	pli_counters_add(services->counters, resumed_octets,
	                 message->resumed_octets);
	if (scanned != message->octets)
		pli_counters_add(services->counters, scan_mismatches, 1);
	message->plain = pli_parser_steal_structure(message->parser);
	give_parser(services, g_steal_pointer(&message->parser));
}

/* A second scan, of what the prefix may change: it says something about the
 * message, or the message is at a limit, where it moves what the limit cut.
 * NULL: `error` is set. */
static PliStructure *
rebuild(PliMessage *message, const PliStructure *plain, PliSlice prefix)
{
	GError **error = &message->error;
	g_autoptr(PliSource) source =
	        pli_spool_entry_get_source(message->entry, error);
	g_autoptr(PliEdit) edit = NULL;
	PliStructure *structure;
	guint64 scanned;

	if (source == NULL)
		return NULL;
	edit = pli_edit_new(plain, source, PLI_EDIT_FORCE, error);
	if (edit == NULL ||
	    !pli_edit_add_fields(edit, 0, PLI_EDIT_FIRST, prefix, error) ||
	    !pli_edit_settle(edit, error))
		return NULL;
	structure = pli_derive_edit(edit, NULL, &scanned, error);
	if (structure == NULL)
		return NULL;
	pli_counters_add(message->services->counters, rebuilt, 1);
	pli_counters_add(message->services->counters, rebuilt_octets, scanned);
	return structure;
}

/* Of the octets as they came with those of the prefix before them. */
static PliStructure *
make_structure(PliMessage *message, const PliStructure *plain)
{
	PliSlice prefix =
	        pli_slice_new(message->prefix->str, message->prefix->len);
	PliStructure *derived = pli_derive_prepend(plain, prefix, NULL, NULL);

	pli_counters_add(message->services->counters, prefix_octets,
	                 prefix.len);
	if (derived == NULL)
		return rebuild(message, plain, prefix);
	pli_counters_add(message->services->counters, derived, 1);
	return derived;
}

/* RFC 5321 6.3: who has been here that often goes round. */
static gboolean
check_hops(PliMessage *message, const PliStructure *plain)
{
	guint64 most = message->config->hops;
	guint n = count_fields(plain, PLI_FIELD_NAME_RECEIVED);

	if (n < most)
		return TRUE;
	g_set_error(&message->error, PLI_MESSAGE_ERROR, PLI_MESSAGE_ERROR_LOOP,
	            "%u Received fields: the message goes round", n);
	return FALSE;
}

gboolean
pli_message_finish(PliMessage *message)
{
	const PliStructure *plain;
	PliSpoolEnvelope spooled;

	if (message->error != NULL)
		return FALSE;
	if (message->plain == NULL)
		pli_message_end_scan(message);
	plain = message->plain;
	if (!check_hops(message, plain))
		return FALSE;
	if (message->prefix == NULL)
		set_prefix(message, plain);
	message->structure = make_structure(message, plain);
	if (message->structure == NULL)
		return FALSE;
	pli_retry_begin(message);
	spooled = (PliSpoolEnvelope){
	        .sender = message->sender,
	        .recipients =
	                (const PliSpoolRecipient *)message->recipients->data,
	        .n_recipients = message->recipients->len,
	        .structure = message->structure,
	        .arrival = message->seconds,
	        .parameters = message->parameters,
	};
	pli_spool_entry_set_envelope(message->entry, &spooled);
	return TRUE;
}

static void
log_structure(PliLogLine *line, const PliStructure *structure)
{
	if (structure == NULL)
		return;
	pli_log_line_add_number(line, "parts",
	                        pli_structure_get_n_parts(structure));
	pli_log_line_add_number(line, "defects",
	                        pli_structure_get_n_defects(structure));
}

void
pli_message_log(const PliMessage *message, const GError *error)
{
	PliLogLine line;
	guint i;

	pli_log_line_begin(&line, message->services->log, "message");
	pli_log_line_add_text(&line, "id", message->id);
	if (error == NULL)
		pli_log_line_add_text(
		        &line, "spool",
		        pli_spool_entry_get_id(message->entry));
	pli_log_line_add_text(&line, "peer", message->peer);
	pli_log_line_add_text(&line, "peer_name", message->peer_name);
	for (i = 0; message->forwarded != NULL && message->forwarded[i] != NULL;
	     i += 2)
		pli_log_line_add_text(&line, message->forwarded[i],
		                      message->forwarded[i + 1]);
	pli_log_line_add_text(&line, "protocol", message->protocol);
	pli_log_line_add_text(&line, "user", message->user);
	pli_log_line_add_text(&line, "sender", message->sender);
	pli_log_line_add_text(&line, "recipient", message->recipient);
	pli_log_line_add_number(&line, "recipients", message->n_recipients);
	pli_log_line_add_number(&line, "octets", (gint64)message->octets);
	if (message->n_normalised > 0)
		pli_log_line_add_number(&line, "normalised",
		                        (gint64)message->n_normalised);
	log_structure(&line, message->structure);
	pli_log_line_add_number(
	        &line, "us", g_get_monotonic_time() - message->start_us);
	pli_log_line_add_text(&line, "result",
	                      error == NULL ? "accepted" : "refused");
	if (message->is_unconfirmed)
		pli_log_line_add_text(&line, "reply", "none");
	if (error != NULL)
		pli_log_line_add_text(&line, "error", error->message);
	pli_log_line_send(&line);
}
