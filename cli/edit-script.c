/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/edit-script.h"

#include <json-glib/json-glib.h>

#include "engine/encoded-source.h"
#include "engine/encoder-choice.h"
#include "engine/header-writer.h"
#include "engine/line-end.h"
#include "engine/section.h"
#include "store/file-source.h"

#define FIELD_MAX (1024 * 1024)
#define PIECE (16 * 1024)
#define MOST (1 << 20)

typedef enum {
	OP_ADD_FIELD,
	OP_PREPEND_FIELD,
	OP_REPLACE_FIELD,
	OP_REMOVE_FIELD,
	OP_DROP,
	OP_REPLACE_BODY,
	OP_REPLACE_PART,
	OP_INSERT_PART,
	OP_ENCLOSE,
} OpKind;

typedef struct {
	OpKind kind;
	char *part;  /* "0", "1.2", "2.0" */
	char *name;  /* of a field */
	gint nth;    /* of that name; 0: each */
	char *value; /* of a field; the subtype to enclose in */
	char *file;
	char *text; /* what a file would have */
} Op;

static const char *const op_names[] = {
	"add-field",	"prepend-field", "replace-field",
	"remove-field", "drop",		 "replace-body",
	"replace-part", "insert-part",	 "enclose",
};

struct PliEditScript {
	GPtrArray *ops;
};

static void
op_free(gpointer data)
{
	Op *op = data;

	g_free(op->part);
	g_free(op->name);
	g_free(op->value);
	g_free(op->file);
	g_free(op->text);
	g_free(op);
}

PliEditScript *
pli_edit_script_new(void)
{
	PliEditScript *script = g_new0(PliEditScript, 1);

	script->ops = g_ptr_array_new_with_free_func(op_free);
	return script;
}

void
pli_edit_script_free(PliEditScript *script)
{
	if (script == NULL)
		return;
	g_ptr_array_unref(script->ops);
	g_free(script);
}

guint
pli_edit_script_get_n(const PliEditScript *script)
{
	return script->ops->len;
}

static gboolean fail_usage(GError **error, const char *format, ...)
	G_GNUC_PRINTF(2, 3);

static gboolean
fail_usage(GError **error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	if (error != NULL)
		*error = g_error_new_valist(
			G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, format, args);
	va_end(args);
	return FALSE;
}

static gboolean
find_kind(const char *name, OpKind *ret_kind)
{
	for (guint i = 0; i < G_N_ELEMENTS(op_names); i++)
		if (g_str_equal(name, op_names[i])) {
			*ret_kind = (OpKind)i;
			return TRUE;
		}
	return FALSE;
}

/*
 * Options
 */

/* "Name", "Name#2", "Name#-1". */
static gboolean
take_name(Op *op, const char *text, GError **error)
{
	const char *hash = strrchr(text, '#');
	gint64 nth;

	op->nth = op->kind == OP_REMOVE_FIELD ? 0 : 1;
	op->name = hash != NULL ? g_strndup(text, (gsize)(hash - text))
				: g_strdup(text);
	if (hash == NULL)
		return TRUE;
	if (!g_ascii_string_to_signed(hash + 1, 10, -MOST, MOST, &nth, NULL) ||
	    nth == 0)
		return fail_usage(error,
				  "%s: a number from 1, or from -1 for the "
				  "last, is expected after the #",
				  text);
	op->nth = (gint)nth;
	return TRUE;
}

/* "[PART/]Name[#N][: value]" */
static gboolean
take_field(Op *op, const char *argument, GError **error)
{
	const char *slash = strchr(argument, '/');
	gboolean wants_value = op->kind != OP_REMOVE_FIELD;
	g_autofree char *name = NULL;
	const char *colon;

	if (slash != NULL &&
	    strspn(argument, "0123456789.") == (gsize)(slash - argument)) {
		op->part = g_strndup(argument, (gsize)(slash - argument));
		argument = slash + 1;
	} else {
		op->part = g_strdup("0");
	}
	colon = strchr(argument, ':');
	if ((colon != NULL) != wants_value)
		return fail_usage(error,
				  wants_value ? "%s: NAME: VALUE is expected"
					      : "%s: the name of a field is "
						"expected",
				  argument);
	name = wants_value ? g_strndup(argument, (gsize)(colon - argument))
			   : g_strdup(argument);
	if (wants_value)
		op->value = g_strstrip(g_strdup(colon + 1));
	return take_name(op, name, error);
}

gboolean
pli_edit_script_add_option(PliEditScript *script, const char *name,
			   const char *argument, GError **error)
{
	Op *op = g_new0(Op, 1);
	const char *equals = strchr(argument, '=');
	gboolean found = find_kind(name, &op->kind);

	g_assert(found);
	g_ptr_array_add(script->ops, op);
	if (op->kind <= OP_REMOVE_FIELD)
		return take_field(op, argument, error);
	if (op->kind == OP_DROP) {
		op->part = g_strdup(argument);
		return TRUE;
	}
	if (equals == NULL)
		return fail_usage(error, "%s: PART=%s is expected", argument,
				  op->kind == OP_ENCLOSE ? "SUBTYPE" : "FILE");
	op->part = g_strndup(argument, (gsize)(equals - argument));
	if (op->kind == OP_ENCLOSE)
		op->value = g_strdup(equals + 1);
	else
		op->file = g_strdup(equals + 1);
	return TRUE;
}

/*
 * JSON
 */

typedef struct {
	const char *member;
	gsize at; /* in the Op */
} Member;

static const Member members[] = {
	{"part", G_STRUCT_OFFSET(Op, part)},
	{"name", G_STRUCT_OFFSET(Op, name)},
	{"value", G_STRUCT_OFFSET(Op, value)},
	{"subtype", G_STRUCT_OFFSET(Op, value)},
	{"file", G_STRUCT_OFFSET(Op, file)},
	{"text", G_STRUCT_OFFSET(Op, text)},
};

static gboolean
read_member(Op *op, const char *name, JsonNode *node, GError **error)
{
	if (g_str_equal(name, "op"))
		return TRUE;
	if (g_str_equal(name, "nth")) {
		gint64 n = JSON_NODE_HOLDS_VALUE(node) ? json_node_get_int(node)
						       : MOST;

		op->nth = (gint)CLAMP(n, -MOST, MOST);
		return n > -MOST && n < MOST
			       ? TRUE
			       : fail_usage(error, "nth is a number");
	}
	for (guint i = 0; i < G_N_ELEMENTS(members); i++) {
		if (!g_str_equal(name, members[i].member))
			continue;
		if (!JSON_NODE_HOLDS_VALUE(node) ||
		    json_node_get_value_type(node) != G_TYPE_STRING)
			return fail_usage(error, "%s is a string", name);
		char **to = G_STRUCT_MEMBER_P(op, members[i].at);

		g_free(*to);
		*to = json_node_dup_string(node);
		return TRUE;
	}
	return fail_usage(error, "%s is no member of an operation", name);
}

static gboolean
check_op(const Op *op, GError **error)
{
	const char *what = op_names[op->kind];
	gboolean takes_file =
		op->kind >= OP_REPLACE_BODY && op->kind <= OP_INSERT_PART;

	if (op->kind <= OP_REMOVE_FIELD && op->name == NULL)
		return fail_usage(error, "%s: name is expected", what);
	if ((op->kind <= OP_REPLACE_FIELD || op->kind == OP_ENCLOSE) &&
	    op->value == NULL)
		return fail_usage(error, "%s: %s is expected", what,
				  op->kind == OP_ENCLOSE ? "subtype" : "value");
	if (takes_file && (op->file == NULL) == (op->text == NULL))
		return fail_usage(error,
				  "%s: one of file and text is "
				  "expected",
				  what);
	return op->kind <= OP_REMOVE_FIELD || op->part != NULL
		       ? TRUE
		       : fail_usage(error, "%s: part is expected", what);
}

static gboolean
read_object(PliEditScript *script, JsonNode *node, GError **error)
{
	Op *op = g_new0(Op, 1);
	g_autoptr(GList) names = NULL;
	JsonObject *object;
	const char *kind;

	g_ptr_array_add(script->ops, op);
	if (!JSON_NODE_HOLDS_OBJECT(node))
		return fail_usage(error, "an object is expected");
	object = json_node_get_object(node);
	kind = json_object_get_string_member_with_default(object, "op", "");
	if (!find_kind(kind, &op->kind))
		return fail_usage(error, "op is \"%s\", which is none", kind);
	op->nth = op->kind == OP_REMOVE_FIELD ? 0 : 1;
	names = json_object_get_members(object);
	for (GList *l = names; l != NULL; l = l->next)
		if (!read_member(op, l->data,
				 json_object_get_member(object, l->data),
				 error))
			return FALSE;
	if (op->part == NULL && op->kind <= OP_REMOVE_FIELD)
		op->part = g_strdup("0");
	return check_op(op, error);
}

gboolean
pli_edit_script_add_file(PliEditScript *script, const char *path,
			 GError **error)
{
	g_autoptr(JsonParser) parser = json_parser_new();
	g_autoptr(GError) failure = NULL;
	g_autofree char *text = NULL;
	JsonNode *root;
	gsize n;

	if (!g_file_get_contents(path, &text, &n, error))
		return FALSE;
	if (!json_parser_load_from_data(parser, text, (gssize)n, &failure))
		return fail_usage(error, "%s: %s", path, failure->message);
	root = json_parser_get_root(parser);
	if (root == NULL || !JSON_NODE_HOLDS_ARRAY(root))
		return fail_usage(
			error, "%s: an array of operations is expected", path);
	for (guint i = 0; i < json_array_get_length(json_node_get_array(root));
	     i++)
		if (!read_object(script,
				 json_array_get_element(
					 json_node_get_array(root), i),
				 &failure))
			return fail_usage(error, "%s: operation %u: %s", path,
					  i + 1, failure->message);
	return TRUE;
}

/*
 * Carrying it out
 */

static gboolean
fail_part(const char *part, GError **error)
{
	g_set_error(error, PLI_EDIT_ERROR, PLI_EDIT_ERROR_PART,
		    "there is no part %s", part);
	return FALSE;
}

/* "0" is the message, "1.2" what IMAP calls so, "2.0" the message in it. */
static gboolean
find_part(const PliStructure *structure, const char *text, guint32 *ret_part,
	  GError **error)
{
	gboolean is_inside = g_str_has_suffix(text, ".0");
	gsize n = strlen(text) - (is_inside ? 2 : 0);
	PliSection section;
	PliPart part;

	*ret_part = 0;
	if (g_str_equal(text, "0"))
		return TRUE;
	if (!pli_section_parse(pli_slice_new(text, n), &section) ||
	    section.n_numbers == 0 || section.text != PLI_SECTION_WHOLE ||
	    !pli_section_find_part(structure, &section, ret_part))
		return fail_part(text, error);
	pli_structure_get_part(structure, *ret_part, &part);
	if (!is_inside)
		return TRUE;
	if (part.kind != PLI_PART_MESSAGE)
		return fail_part(text, error);
	*ret_part = pli_structure_get_child(structure, &part, 0);
	return TRUE;
}

/* What is a syntax already is only folded; other text is encoded. */
static gboolean
write_field(PliBuf *out, const Op *op, GError **error)
{
	PliSlice value = pli_slice_from_string(op->value);

	for (const char *p = op->value; *p != '\0'; p++)
		if ((guchar)*p > 127)
			return pli_header_writer_add_text(
				out, PLI_HEADER_WRITER_ASCII, op->name, value,
				error);
	return pli_header_writer_add_structured(out, PLI_HEADER_WRITER_ASCII,
						op->name, value, error);
}

static gboolean
change_field(const Op *op, PliEdit *edit, guint32 part, GError **error)
{
	g_auto(PliBuf) octets = {0};
	guint32 field;

	pli_buf_init(&octets, FIELD_MAX);
	if (op->kind != OP_REMOVE_FIELD && !write_field(&octets, op, error))
		return FALSE;
	if (op->kind <= OP_PREPEND_FIELD)
		return pli_edit_add_fields(edit, part,
					   op->kind == OP_ADD_FIELD
						   ? PLI_EDIT_LAST
						   : PLI_EDIT_FIRST,
					   pli_buf_slice(&octets), error);
	if (!pli_edit_find_field(edit, part, op->name,
				 op->nth != 0 ? op->nth : 1, &field, error))
		return FALSE;
	if (op->kind == OP_REPLACE_FIELD)
		return pli_edit_replace_field(edit, field,
					      pli_buf_slice(&octets), error);
	if (op->nth != 0)
		return pli_edit_remove_field(edit, field, error);
	for (gint n = 2; pli_edit_remove_field(edit, field, error); n++)
		if (!pli_edit_find_field(edit, part, op->name, n, &field, NULL))
			return TRUE;
	return FALSE;
}

static PliSource *
open_source(const Op *op, GError **error)
{
	g_autoptr(GBytes) bytes = NULL;

	if (op->file != NULL)
		return pli_file_source_open(op->file, error);
	bytes = g_bytes_new(op->text, strlen(op->text));
	return pli_source_new_bytes(bytes);
}

static gboolean
count_body(PliSource *body, PliEncoderChoice *choice, GError **error)
{
	PliSlice octets;
	guint64 at = 0;

	do {
		if (pli_source_read_at(body, at, PIECE, &octets, error) !=
		    PLI_STEP_READY)
			return FALSE;
		pli_encoder_choice_feed(choice, octets);
		at += octets.len;
	} while (octets.len > 0);
	pli_encoder_choice_finish(choice);
	return TRUE;
}

/* The label goes with the body: in place of the first, others away. */
static gboolean
label_body(PliEdit *edit, guint32 part, PliEncoding encoding, GError **error)
{
	static const char name[] = "Content-Transfer-Encoding";
	PliSlice label =
		encoding == PLI_ENCODING_BASE64
			? PLI_SLICE_LITERAL("Content-Transfer-"
					    "Encoding: base64\r\n")
		: encoding == PLI_ENCODING_QUOTED_PRINTABLE
			? PLI_SLICE_LITERAL("Content-Transfer-Encoding: "
					    "quoted-printable\r\n")
			: PLI_SLICE_NONE;
	guint32 field;

	for (gint n = 1; pli_edit_find_field(edit, part, name, n, &field, NULL);
	     n++) {
		if (label.data == NULL) {
			if (!pli_edit_remove_field(edit, field, error))
				return FALSE;
			continue;
		}
		if (!pli_edit_replace_field(edit, field, label, error))
			return FALSE;
		label = PLI_SLICE_NONE;
	}
	return label.data == NULL ||
	       pli_edit_add_fields(edit, part, PLI_EDIT_LAST, label, error);
}

/* New content, encoded as 7bit transport wants it. */
static gboolean
replace_body(PliEdit *edit, const PliStructure *structure, guint32 index,
	     PliSource *plain, GError **error)
{
	PliSlice type, subtype;
	PliEncoderMode mode = PLI_ENCODER_BINARY;
	PliEncoderChoice choice;
	g_autoptr(PliSource) body = NULL;
	PliEncoding encoding;
	PliPart part;

	pli_structure_get_part(structure, index, &part);
	pli_structure_get_type(structure, &part, &type, &subtype);
	if (pli_slice_is(type, "text"))
		mode = PLI_ENCODER_TEXT;
	if (pli_slice_is(type, "multipart") || pli_slice_is(type, "message"))
		return pli_edit_replace_body(edit, index, plain, error);
	/* the lines of a text are CRLF's, whatever the file's are */
	body = pli_encoded_source_new(plain, PLI_ENCODING_7BIT, mode,
				      mode == PLI_ENCODER_TEXT);
	pli_encoder_choice_init(&choice, mode);
	if (!count_body(body, &choice, error))
		return FALSE;
	encoding = pli_encoder_choice_get(&choice, PLI_TRANSPORT_7BIT, FALSE);
	pli_source_unref(body);
	body = pli_encoded_source_new(plain, encoding, mode,
				      mode == PLI_ENCODER_TEXT);
	return pli_edit_replace_body(edit, index, body, error) &&
	       label_body(edit, index, encoding, error);
}

/* The multipart that gets a part, and where: "1.3" is the third in 1. */
static gboolean
insert_part(const Op *op, PliEdit *edit, const PliStructure *structure,
	    PliSource *whole, GError **error)
{
	const char *dot = strrchr(op->part, '.');
	g_autofree char *around =
		dot != NULL ? g_strndup(op->part, (gsize)(dot - op->part))
			    : g_strdup("0");
	guint64 number;
	guint32 index;
	PliPart part;

	if (!g_ascii_string_to_unsigned(dot != NULL ? dot + 1 : op->part, 10, 1,
					G_MAXUINT32, &number, NULL))
		return fail_part(op->part, error);
	if (!find_part(structure, around, &index, error))
		return FALSE;
	/* the parts of a message inside have its numbers */
	pli_structure_get_part(structure, index, &part);
	if (part.kind == PLI_PART_MESSAGE)
		index = pli_structure_get_child(structure, &part, 0);
	return pli_edit_insert_part(edit, index, (guint32)number - 1, whole,
				    error);
}

/* Of the enclosed message, what people look for in one (RFC 5703 6). */
static gboolean
copy_fields(PliSource *source, const PliStructure *structure, GByteArray *out,
	    GError **error)
{
	const guint64 wanted =
		1 << PLI_FIELD_NAME_DATE | 1 << PLI_FIELD_NAME_FROM |
		1 << PLI_FIELD_NAME_SENDER | 1 << PLI_FIELD_NAME_REPLY_TO |
		1 << PLI_FIELD_NAME_TO | 1 << PLI_FIELD_NAME_CC |
		1 << PLI_FIELD_NAME_SUBJECT;
	guint64 seen = 0;
	PliPart root;

	pli_structure_get_part(structure, 0, &root);
	for (guint32 i = 0; i < root.n_fields; i++) {
		g_autoptr(GByteArray) octets = g_byte_array_new();
		PliLineEnd state = {FALSE};
		PliField field;
		guint had = out->len;

		pli_structure_get_field(structure, i, &field);
		if (field.name >= 64 || !(wanted >> field.name & 1) ||
		    seen >> field.name & 1 || field.flags & PLI_FIELD_NUL ||
		    field.span.length > FIELD_MAX / 16)
			continue;
		seen |= G_GUINT64_CONSTANT(1) << field.name;
		if (pli_source_read(source, field.span.offset,
				    field.span.length, octets,
				    error) != PLI_STEP_READY)
			return FALSE;
		if (octets->data[octets->len - 1] != '\n')
			continue;
		g_byte_array_set_size(
			out, had + (guint)PLI_LINE_END_BOUND(octets->len));
		g_byte_array_set_size(
			out,
			had + (guint)pli_line_end_feed_crlf(
				      &state,
				      pli_slice_new(octets->data, octets->len),
				      out->data + had));
	}
	return TRUE;
}

/* In a multipart, behind a part of its own if the script has one. */
static gboolean
enclose(const Op *op, const PliEditTarget *target, guint32 part, GError **error)
{
	g_autoptr(GByteArray) fields = g_byte_array_new();
	PliEditEnclosure how = {.seed = target->seed};
	g_autoptr(PliSource) first = NULL;
	g_autoptr(GBytes) bytes = NULL;

	if (!g_str_equal(op->value, "rfc822"))
		how.subtype = op->value;
	if (op->file != NULL)
		first = pli_file_source_open(op->file, error);
	if (op->file != NULL && first == NULL)
		return FALSE;
	if (op->text != NULL) {
		char *whole = g_strconcat(
			"Content-Type: text/plain; charset=utf-8\r\n"
			"Content-Transfer-Encoding: 8bit\r\n\r\n",
			op->text, NULL);

		bytes = g_bytes_new_take(whole, strlen(whole));
		first = pli_source_new_bytes(bytes);
	}
	if (how.subtype != NULL)
		how.first = first;
	if (part == 0 &&
	    !copy_fields(target->source, target->structure, fields, error))
		return FALSE;
	how.fields = pli_slice_new(fields->data, fields->len);
	return pli_edit_enclose(target->edit, part, &how, error);
}

static gboolean
apply_op(const Op *op, const PliEditTarget *target, GError **error)
{
	g_autoptr(PliSource) source = NULL;
	PliEdit *edit = target->edit;
	guint32 part = 0;

	if (op->kind >= OP_REPLACE_BODY && op->kind <= OP_INSERT_PART &&
	    (source = open_source(op, error)) == NULL)
		return FALSE;
	if (op->kind == OP_INSERT_PART)
		return insert_part(op, edit, target->structure, source, error);
	if (!find_part(target->structure, op->part, &part, error))
		return FALSE;
	switch (op->kind) {
	case OP_DROP: return pli_edit_drop_part(edit, part, error);
	case OP_REPLACE_BODY:
		return replace_body(edit, target->structure, part, source,
				    error);
	case OP_REPLACE_PART:
		return pli_edit_replace_part(edit, part, source, error);
	case OP_ENCLOSE: return enclose(op, target, part, error);
	default: return change_field(op, edit, part, error);
	}
}

gboolean
pli_edit_script_apply(const PliEditScript *script, const PliEditTarget *target,
		      GError **error)
{
	for (guint i = 0; i < script->ops->len; i++)
		if (!apply_op(script->ops->pdata[i], target, error))
			return FALSE;
	return TRUE;
}
