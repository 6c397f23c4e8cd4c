/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The JSON form of what a message is composed of. */
#include "cli/compose-input.h"

#include <json-glib/json-glib.h>

typedef enum {
	TEXT,	 /* char *, owned */
	KEPT,	 /* const char *, kept in strings */
	FLAG,	 /* gboolean */
	NUMBER,	 /* gint64 */
	SPECIAL, /* a function */
} Kind;

typedef struct Loader Loader;

typedef gboolean (*Special)(Loader *loader, gpointer into, JsonNode *node);

typedef struct {
	const char *name;
	Kind kind;
	gsize offset;
	Special special;
} Member;

struct Loader {
	PliComposeInput *input;
	const char *member; /* being read, for messages */
	GError **error;
};

static gboolean
fail(Loader *loader, const char *expected)
{
	g_set_error(loader->error, PLI_ENTITY_ERROR, PLI_ENTITY_ERROR_VALUE,
		    "%s: %s is expected", loader->member, expected);
	return FALSE;
}

static gboolean
is_value(JsonNode *node, GType type)
{
	return JSON_NODE_HOLDS_VALUE(node) &&
	       json_node_get_value_type(node) == type;
}

static gboolean
take_value(Loader *loader, gpointer at, Kind kind, JsonNode *node)
{
	switch (kind) {
	case TEXT:
	case KEPT:
		if (!is_value(node, G_TYPE_STRING))
			return fail(loader, "a text");
		if (kind == TEXT) {
			g_free(*(char **)at);
			*(char **)at = json_node_dup_string(node);
		} else {
			*(char **)at = json_node_dup_string(node);
			g_ptr_array_add(loader->input->strings,
					*(char **)at);
		}
		return TRUE;
	case FLAG:
		if (!is_value(node, G_TYPE_BOOLEAN))
			return fail(loader, "true or false");
		*(gboolean *)at = json_node_get_boolean(node);
		return TRUE;
	case NUMBER:
		if (!is_value(node, G_TYPE_INT64))
			return fail(loader, "a whole number");
		*(gint64 *)at = json_node_get_int(node);
		return TRUE;
	case SPECIAL: break;
	}
	return FALSE;
}

static const Member *
find_member(const Member *members, const char *name)
{
	for (; members->name != NULL; members++)
		if (g_str_equal(members->name, name))
			return members;
	return NULL;
}

static gboolean
take_object(Loader *loader, const Member *members, gpointer into,
	    JsonNode *node)
{
	JsonObjectIter iter;
	const char *name;
	JsonNode *value;

	if (!JSON_NODE_HOLDS_OBJECT(node))
		return fail(loader, "an object");
	json_object_iter_init(&iter, json_node_get_object(node));
	while (json_object_iter_next(&iter, &name, &value)) {
		const Member *member = find_member(members, name);
		gpointer at;

		loader->member = name;
		if (member == NULL) {
			g_set_error(loader->error, PLI_ENTITY_ERROR,
				    PLI_ENTITY_ERROR_VALUE,
				    "%s: there is no such member", name);
			return FALSE;
		}
		at = (char *)into + member->offset;
		if (!(member->kind == SPECIAL
			      ? member->special(loader, into, value)
			      : take_value(loader, at, member->kind, value)))
			return FALSE;
	}
	return TRUE;
}

/* Each element of an array. */
static gboolean
take_array(Loader *loader, JsonNode *node, Special take)
{
	JsonArray *array;
	guint n;

	if (!JSON_NODE_HOLDS_ARRAY(node))
		return fail(loader, "an array");
	array = json_node_get_array(node);
	n = json_array_get_length(array);
	for (guint i = 0; i < n; i++)
		if (!take(loader, loader->input,
			  json_array_get_element(array, i)))
			return FALSE;
	return TRUE;
}

static gboolean
take_header(Loader *loader, gpointer into, JsonNode *node)
{
	JsonArray *pair;
	PliComposeField field;

	if (!JSON_NODE_HOLDS_ARRAY(node))
		return fail(loader, "a pair of texts");
	pair = json_node_get_array(node);
	if (json_array_get_length(pair) != 2 ||
	    !is_value(json_array_get_element(pair, 0), G_TYPE_STRING) ||
	    !is_value(json_array_get_element(pair, 1), G_TYPE_STRING))
		return fail(loader, "a pair of texts");
	field.name = g_strdup(json_array_get_string_element(pair, 0));
	field.value = g_strdup(json_array_get_string_element(pair, 1));
	g_array_append_val(loader->input->headers, field);
	return TRUE;
}

static gboolean
take_headers(Loader *loader, gpointer into, JsonNode *node)
{
	return take_array(loader, node, take_header);
}

#define AT(type, member) offsetof(type, member), NULL

static const Member file_members[] = {
	{"file", TEXT, AT(PliComposeFile, file)},
	{"name", TEXT, AT(PliComposeFile, name)},
	{"type", TEXT, AT(PliComposeFile, type)},
	{"disposition", TEXT, AT(PliComposeFile, disposition)},
	{"cid", TEXT, AT(PliComposeFile, cid)},
	{"description", TEXT, AT(PliComposeFile, description)},
	{NULL, TEXT, 0, NULL},
};

static gboolean
take_file(Loader *loader, gpointer into, JsonNode *node)
{
	PliComposeFile *file = g_new0(PliComposeFile, 1);

	g_ptr_array_add(loader->input->files, file);
	if (!take_object(loader, file_members, file, node))
		return FALSE;
	loader->member = "file";
	return file->file != NULL || fail(loader, "a text");
}

static gboolean
take_files(Loader *loader, gpointer into, JsonNode *node)
{
	return take_array(loader, node, take_file);
}

static gboolean
take_digest_file(Loader *loader, gpointer into, JsonNode *node)
{
	if (!is_value(node, G_TYPE_STRING))
		return fail(loader, "a text");
	g_ptr_array_add(loader->input->digest, json_node_dup_string(node));
	return TRUE;
}

static gboolean
take_digest(Loader *loader, gpointer into, JsonNode *node)
{
	return take_array(loader, node, take_digest_file);
}

static const Member recipient_members[] = {
	{"final_recipient", KEPT,
	 AT(PliComposeDsnRecipient, final_recipient)},
	{"original_recipient", KEPT,
	 AT(PliComposeDsnRecipient, original_recipient)},
	{"action", KEPT, AT(PliComposeDsnRecipient, action)},
	{"status", KEPT, AT(PliComposeDsnRecipient, status)},
	{"remote_mta", KEPT, AT(PliComposeDsnRecipient, remote_mta)},
	{"diagnostic", KEPT, AT(PliComposeDsnRecipient, diagnostic)},
	{"last_attempt", NUMBER, AT(PliComposeDsnRecipient, last_attempt)},
	{"will_retry_until", NUMBER,
	 AT(PliComposeDsnRecipient, will_retry_until)},
	{NULL, TEXT, 0, NULL},
};

static gboolean
take_recipient(Loader *loader, gpointer into, JsonNode *node)
{
	PliComposeDsnRecipient recipient = {.action = NULL};

	if (!take_object(loader, recipient_members, &recipient, node))
		return FALSE;
	g_array_append_val(loader->input->recipients, recipient);
	return TRUE;
}

static gboolean
take_recipients(Loader *loader, gpointer into, JsonNode *node)
{
	return take_array(loader, node, take_recipient);
}

static const Member dsn_members[] = {
	{"reporting_mta", KEPT, AT(PliComposeDsn, reporting_mta)},
	{"received_from_mta", KEPT, AT(PliComposeDsn, received_from_mta)},
	{"envelope_id", KEPT, AT(PliComposeDsn, envelope_id)},
	{"arrival", NUMBER, AT(PliComposeDsn, arrival)},
	{"recipients", SPECIAL, 0, take_recipients},
	{NULL, TEXT, 0, NULL},
};

static const Member mdn_members[] = {
	{"reporting_ua", KEPT, AT(PliComposeMdn, reporting_ua)},
	{"final_recipient", KEPT, AT(PliComposeMdn, final_recipient)},
	{"original_recipient", KEPT, AT(PliComposeMdn, original_recipient)},
	{"original_message_id", KEPT, AT(PliComposeMdn, original_message_id)},
	{"mode", KEPT, AT(PliComposeMdn, mode)},
	{"disposition", KEPT, AT(PliComposeMdn, disposition)},
	{NULL, TEXT, 0, NULL},
};

static const Member arf_members[] = {
	{"feedback_type", KEPT, AT(PliComposeArf, feedback_type)},
	{"user_agent", KEPT, AT(PliComposeArf, user_agent)},
	{"original_mail_from", KEPT, AT(PliComposeArf, original_mail_from)},
	{"original_rcpt_to", KEPT, AT(PliComposeArf, original_rcpt_to)},
	{"reporting_mta", KEPT, AT(PliComposeArf, reporting_mta)},
	{"source_ip", KEPT, AT(PliComposeArf, source_ip)},
	{"reported_domain", KEPT, AT(PliComposeArf, reported_domain)},
	{"arrival", NUMBER, AT(PliComposeArf, arrival)},
	{NULL, TEXT, 0, NULL},
};

static gboolean
take_report(Loader *loader, PliComposeReportKind kind, const Member *members,
	    gpointer into, JsonNode *node)
{
	if (loader->input->report != PLI_COMPOSE_NO_REPORT)
		return fail(loader, "one of dsn, mdn and arf");
	loader->input->report = kind;
	return take_object(loader, members, into, node);
}

static gboolean
take_dsn(Loader *loader, gpointer into, JsonNode *node)
{
	return take_report(loader, PLI_COMPOSE_DSN, dsn_members,
			   &loader->input->dsn, node);
}

static gboolean
take_mdn(Loader *loader, gpointer into, JsonNode *node)
{
	return take_report(loader, PLI_COMPOSE_MDN, mdn_members,
			   &loader->input->mdn, node);
}

static gboolean
take_arf(Loader *loader, gpointer into, JsonNode *node)
{
	return take_report(loader, PLI_COMPOSE_ARF, arf_members,
			   &loader->input->arf, node);
}

static const Member members[] = {
	{"from", TEXT, AT(PliComposeInput, from)},
	{"sender", TEXT, AT(PliComposeInput, sender)},
	{"reply_to", TEXT, AT(PliComposeInput, reply_to)},
	{"to", TEXT, AT(PliComposeInput, to)},
	{"cc", TEXT, AT(PliComposeInput, cc)},
	{"subject", TEXT, AT(PliComposeInput, subject)},
	{"date", NUMBER, AT(PliComposeInput, date)},
	{"zone", NUMBER, AT(PliComposeInput, zone)},
	{"message_id", TEXT, AT(PliComposeInput, message_id)},
	{"in_reply_to", TEXT, AT(PliComposeInput, in_reply_to)},
	{"references", TEXT, AT(PliComposeInput, references)},
	{"auto_submitted", TEXT, AT(PliComposeInput, auto_submitted)},
	{"headers", SPECIAL, 0, take_headers},
	{"utf8", FLAG, AT(PliComposeInput, utf8)},
	{"8bit", FLAG, AT(PliComposeInput, is_8bit)},
	{"seed", TEXT, AT(PliComposeInput, seed)},
	{"text", TEXT, AT(PliComposeInput, text)},
	{"html", TEXT, AT(PliComposeInput, html)},
	{"files", SPECIAL, 0, take_files},
	{"reply", TEXT, AT(PliComposeInput, reply)},
	{"reply_all", FLAG, AT(PliComposeInput, reply_all)},
	{"forward", TEXT, AT(PliComposeInput, forward)},
	{"digest", SPECIAL, 0, take_digest},
	{"sign", TEXT, AT(PliComposeInput, sign)},
	{"encrypt", FLAG, AT(PliComposeInput, encrypt)},
	{"smime", FLAG, AT(PliComposeInput, smime)},
	{"original", TEXT, AT(PliComposeInput, original)},
	{"only_header", FLAG, AT(PliComposeInput, only_header)},
	{"dsn", SPECIAL, 0, take_dsn},
	{"mdn", SPECIAL, 0, take_mdn},
	{"arf", SPECIAL, 0, take_arf},
	{NULL, TEXT, 0, NULL},
};

gboolean
pli_compose_input_add_json(PliComposeInput *input, const char *file,
			   GError **error)
{
	g_autoptr(GBytes) bytes = pli_compose_input_read_file(file, error);
	g_autoptr(JsonParser) parser = json_parser_new_immutable();
	Loader loader = {input, file, error};
	gsize len;
	const char *text;

	if (bytes == NULL)
		return FALSE;
	text = g_bytes_get_data(bytes, &len);
	if (!json_parser_load_from_data(parser, text != NULL ? text : "",
					(gssize)len, error))
		return FALSE;
	if (json_parser_get_root(parser) == NULL)
		return fail(&loader, "an object");
	return take_object(&loader, members, input,
			   json_parser_get_root(parser));
}
