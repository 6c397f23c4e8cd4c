/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Headers of which each reader sees the same. */
#include "engine/normalize-priv.h"

#include "engine/address.h"
#include "engine/header-writer.h"
#include "engine/line-end.h"
#include "engine/param.h"
#include "engine/word.h"

#define FIELD_MAX (4 * 1024 * 1024)
#define NAME_MAX_OCTETS 1024

typedef struct {
	PliNormalizePlan *plan;
	const PliPart *part;
	const PliNormalizePart *mine;
	const char *boundary;
	GByteArray *out;
	gboolean sealed;
	guint64 seen;	 /* names of fields, by number */
	char *name;	 /* of the field that is written */
	PliSlice octets; /* all of it */
	PliSlice value;
} Writer;

static void
append(Writer *w, PliSlice octets)
{
	g_byte_array_append(w->out, octets.data, (guint)octets.len);
}

/* Without blanks at the end of the message, behind a line end: they would be
 * a line now. */
static PliSlice
trim_last_line(PliSlice octets)
{
	gsize n = octets.len;

	while (n > 0 && pli_octet_is_wsp(octets.data[n - 1]))
		n--;
	if (n > 0 && octets.data[n - 1] == '\n')
		octets.len = n;
	return octets;
}

/* As it is, but that its lines end with CRLF. */
static void
copy_field(Writer *w)
{
	PliLineEnd state = {FALSE};
	PliSlice octets = trim_last_line(w->octets);
	guint had = w->out->len;
	gsize n;

	g_byte_array_set_size(w->out,
			      had + (guint)PLI_LINE_END_BOUND(octets.len));
	n = pli_line_end_feed_crlf(&state, octets, w->out->data + had);
	g_byte_array_set_size(w->out, had + (guint)n);
	if (n > 0 && w->out->data[w->out->len - 1] != '\n')
		append(w, PLI_SLICE_LITERAL("\r\n"));
}

/* Blanks for NULs and bare CRs. */
static guint8 *
clean_octets(PliSlice octets)
{
	guint8 *cleaned = g_malloc(octets.len + 1);

	for (gsize i = 0; i < octets.len; i++) {
		guint8 c = octets.data[i];
		gboolean is_bare = c == '\r' && (i + 1 == octets.len ||
						 octets.data[i + 1] != '\n');

		cleaned[i] = c == 0 || is_bare ? ' ' : c;
	}
	return cleaned;
}

static PliSlice
trim_line_end(PliSlice line)
{
	if (line.len > 0 && line.data[line.len - 1] == '\r')
		line.len--;
	return line;
}

/* Without blanks before the colon, NULs, bare CRs, and lines of blanks only:
 * these begin the next line. */
static void
clean_field(Writer *w)
{
	PliSlice rest = w->value, line;
	guint end = 0; /* of the last line that says something */

	append(w, pli_slice_from_string(w->name));
	append(w, PLI_SLICE_LITERAL(":"));
	while (pli_slice_take_line(&rest, &line)) {
		gboolean is_blank = TRUE;

		line = trim_line_end(line);
		for (gsize i = 0; i < line.len; i++) {
			guint8 c = line.data[i];

			if (c == 0 || c == '\r')
				c = ' ';
			is_blank &= c == ' ' || c == '\t';
			g_byte_array_append(w->out, &c, 1);
		}
		if (is_blank && end > 0)
			continue;
		append(w, PLI_SLICE_LITERAL("\r\n"));
		end = w->out->len;
	}
	if (end > 0)
		g_byte_array_set_size(w->out, end);
	else
		append(w, PLI_SLICE_LITERAL("\r\n"));
}

gboolean
pli_normalize_write_text(PliContext *context, const char *name, PliSlice value,
			 PliBuf *out)
{
	g_autofree char *text =
		pli_word_decode_dup(context, pli_slice_trim(value));

	return pli_header_writer_add_text(out, PLI_HEADER_WRITER_ASCII, name,
					  pli_slice_from_string(text), NULL);
}

static void
free_string(gpointer data)
{
	g_free(*(char **)data);
}

/* The addresses of a value, decoded; slices of `texts`. */
static void
collect_addresses(PliContext *context, PliSlice value, GArray *list,
		  GArray *texts)
{
	g_autoptr(PliAddressReader) reader =
		pli_address_reader_new(value, NULL);
	PliAddress address;

	while (pli_address_reader_next(reader, &address) == PLI_STEP_READY) {
		char *name = pli_word_decode_dup(context, address.name);
		char *local = pli_slice_dup(address.local);
		char *domain = pli_slice_dup(address.domain);

		address.name = pli_slice_from_string(name);
		address.local = pli_slice_new(local, address.local.len);
		address.domain = pli_slice_new(domain, address.domain.len);
		address.route = PLI_SLICE_NONE;
		g_array_append_val(texts, name);
		g_array_append_val(texts, local);
		g_array_append_val(texts, domain);
		g_array_append_val(list, address);
	}
}

gboolean
pli_normalize_write_addresses(PliContext *context, const char *name,
			      PliSlice value, PliBuf *out)
{
	g_autoptr(GArray) list = g_array_new(FALSE, FALSE, sizeof(PliAddress));
	g_autoptr(GArray) texts = g_array_new(FALSE, FALSE, sizeof(char *));
	const PliAddress *addresses;

	g_array_set_clear_func(texts, free_string);
	collect_addresses(context, value, list, texts);
	addresses = (const PliAddress *)(gpointer)list->data;
	return list->len > 0 &&
	       (pli_header_writer_add_addresses(out, PLI_HEADER_WRITER_ASCII,
						name, addresses, list->len,
						NULL) ||
		pli_header_writer_add_addresses(out, PLI_HEADER_WRITER_UTF8,
						name, addresses, list->len,
						NULL));
}

/* What is plain stays; else as it is read, or, when that has no form, as it
 * would be read without the octets that no field has. */
static void
write_item(Writer *w, PliItemKind kind)
{
	g_autofree guint8 *cleaned = NULL;
	PliSlice value = w->value;

	if (!pli_normalize_is_doubtful(w->plan, kind, value)) {
		cleaned = clean_octets(value);
		value = pli_slice_new(cleaned, value.len);
		if (!pli_normalize_is_doubtful(w->plan, kind, value)) {
			clean_field(w);
			return;
		}
	}
	if (pli_normalize_write_item(w->plan, kind, w->name, value, w->out))
		return;
	if (cleaned == NULL) {
		cleaned = clean_octets(value);
		value = pli_slice_new(cleaned, value.len);
		if (pli_normalize_is_doubtful(w->plan, kind, value) &&
		    pli_normalize_write_item(w->plan, kind, w->name, value,
					     w->out))
			return;
	}
	clean_field(w);
}

/*
 * Fields with parameters
 */

typedef struct {
	GArray *params; /* PliHeaderWriterParam */
	GPtrArray *texts;
} Params;

/* No reader takes a control for itself. */
static void
drop_controls(char *text)
{
	for (; *text != '\0'; text++)
		if ((guchar)*text < 0x20 || *text == 0x7f)
			*text = '_';
}

/* Both strings are taken. */
static void
add_param(Params *p, char *name, char *value)
{
	PliHeaderWriterParam param = {pli_slice_from_string(name),
				      pli_slice_from_string(value)};

	drop_controls(value);
	g_ptr_array_add(p->texts, name);
	g_ptr_array_add(p->texts, value);
	g_array_append_val(p->params, param);
}

static gboolean
has_param(const Params *p, const char *name)
{
	for (guint i = 0; i < p->params->len; i++)
		if (pli_slice_is(
			    g_array_index(p->params, PliHeaderWriterParam, i)
				    .name,
			    name))
			return TRUE;
	return FALSE;
}

static char *
decode(const Writer *w, PliItemKind kind, const char *name)
{
	return pli_param_decode(w->plan->context, w->plan->structure, w->part,
				kind, name, NULL);
}

/* The file's name, when it is the disposition that gives it. */
static char *
dup_filename(const Writer *w)
{
	char *name = decode(w, PLI_ITEM_DISPOSITION_PARAM, "filename");

	if (name != NULL && name[0] != '\0')
		return name;
	g_free(name);
	return NULL;
}

/* What is written in another way than the others. */
static gboolean
is_special(const Writer *w, PliItemKind kind, const char *name,
	   gboolean has_filename)
{
	if (kind == PLI_ITEM_DISPOSITION_PARAM)
		return g_str_equal(name, "filename");
	return (w->boundary != NULL && g_str_equal(name, "boundary")) ||
	       (has_filename && g_str_equal(name, "name")) ||
	       (w->mine->charset != PLI_NORMALIZE_CHARSET_KEPT &&
		g_str_equal(name, "charset"));
}

static void
collect_params(const Writer *w, PliItemKind kind, gboolean has_filename,
	       Params *p)
{
	PliItem item;
	guint32 n = 0;

	while (pli_structure_next_item(w->plan->structure, w->part, kind, &n,
				       &item)) {
		g_autofree char *name = pli_slice_dup(item.name);
		char *value;

		name[strcspn(name, "*")] = '\0';
		if (name[0] == '\0' || has_param(p, name) ||
		    is_special(w, kind, name, has_filename))
			continue;
		value = decode(w, kind, name);
		if (value != NULL && value[0] != '\0')
			add_param(p, g_steal_pointer(&name), value);
		else
			g_free(value);
	}
}

/* Whether the writer takes them; FALSE writes nothing. */
static gboolean
try_params(const char *name, PliSlice value, const PliHeaderWriterParam *params,
	   gsize n, GByteArray *out)
{
	gboolean done;
	PliBuf field;

	pli_buf_init(&field, FIELD_MAX);
	done = pli_header_writer_add_params(&field, PLI_HEADER_WRITER_ASCII,
					    name, value, params, n, NULL);
	if (done && out != NULL)
		g_byte_array_append(out, field.data, (guint)field.len);
	pli_buf_clear(&field);
	return done;
}

/* What has no name, or no form, is left out; readers skip it anyway. */
static void
write_params(Writer *w, const char *name, const char *value,
	     const char *fallback, const Params *p)
{
	g_autoptr(GArray) good =
		g_array_new(FALSE, FALSE, sizeof(PliHeaderWriterParam));
	PliSlice text = pli_slice_from_string(value);

	if (!try_params(name, text, NULL, 0, NULL))
		text = pli_slice_from_string(fallback);
	for (guint i = 0; i < p->params->len; i++) {
		PliHeaderWriterParam param =
			g_array_index(p->params, PliHeaderWriterParam, i);

		if (try_params(name, text, &param, 1, NULL))
			g_array_append_val(good, param);
	}
	try_params(name, text,
		   (const PliHeaderWriterParam *)(gpointer)good->data,
		   good->len, w->out);
}

static void
begin_params(Params *p)
{
	p->params = g_array_new(FALSE, FALSE, sizeof(PliHeaderWriterParam));
	p->texts = g_ptr_array_new_with_free_func(g_free);
}

static void
end_params(Params *p)
{
	g_array_unref(p->params);
	g_ptr_array_unref(p->texts);
}

/* A message that is not opened is a file, as it is served. */
static gboolean
is_file(const PliPart *part)
{
	return part->kind == PLI_PART_LEAF && part->flags & PLI_PART_OPAQUE;
}

static void
write_type(Writer *w)
{
	g_autofree char *filename = dup_filename(w);
	g_autofree char *value = NULL;
	PliSlice type, subtype;
	Params p;

	pli_structure_get_type(w->plan->structure, w->part, &type, &subtype);
	value = g_strdup_printf("%.*s/%.*s", (int)type.len, type.data,
				(int)subtype.len, subtype.data);
	begin_params(&p);
	if (w->boundary != NULL)
		add_param(&p, g_strdup("boundary"), g_strdup(w->boundary));
	if (is_file(w->part)) {
		g_free(value);
		value = g_strdup("application/octet-stream");
	}
	collect_params(w, PLI_ITEM_TYPE_PARAM, filename != NULL, &p);
	if (w->mine->charset != PLI_NORMALIZE_CHARSET_KEPT)
		add_param(&p, g_strdup("charset"), g_strdup("utf-8"));
	write_params(w, "Content-Type", value,
		     w->boundary != NULL ? "multipart/mixed"
					 : "application/octet-stream",
		     &p);
	end_params(&p);
}

static void
write_disposition(Writer *w)
{
	char *filename = dup_filename(w);
	g_autofree char *value = NULL;
	PliItem item;
	Params p;

	begin_params(&p);
	if (filename != NULL)
		add_param(&p, g_strdup("filename"), filename);
	collect_params(w, PLI_ITEM_DISPOSITION_PARAM, TRUE, &p);
	if (pli_structure_find_item(w->plan->structure, w->part,
				    PLI_ITEM_DISPOSITION, &item)) {
		value = pli_slice_dup(item.value);
		write_params(w, "Content-Disposition", value, "attachment", &p);
	}
	end_params(&p);
}

/*
 * The encoding
 */

static gboolean
has_8bit(const PliNormalizePlan *plan, const PliPart *part)
{
	guint32 end = part->index + 1;

	if (pli_structure_get_flags(plan->structure) &
	    PLI_STRUCTURE_HEADER_8BIT)
		return TRUE;
	for (; end < plan->n_parts; end++) {
		PliPart inside;

		pli_structure_get_part(plan->structure, end, &inside);
		if (inside.depth <= part->depth)
			break;
		if (inside.n_children == 0 && !plan->parts[end].body &&
		    inside.flags & PLI_PART_HAS_8BIT)
			return TRUE;
	}
	return FALSE;
}

/* NULL: none is needed. */
static const char *
get_label(const Writer *w)
{
	PliEncoding encoding = w->part->encoding;

	if (w->mine->body)
		encoding = w->mine->to;
	else if (w->part->kind != PLI_PART_LEAF &&
		 !pli_encoding_is_identity(encoding))
		encoding = has_8bit(w->plan, w->part) ? PLI_ENCODING_8BIT
						      : PLI_ENCODING_7BIT;
	return encoding != PLI_ENCODING_7BIT ? pli_encoding_get_name(encoding)
					     : NULL;
}

static void
write_encoding(Writer *w)
{
	const char *label = get_label(w);

	if (label == NULL)
		return;
	append(w, PLI_SLICE_LITERAL("Content-Transfer-Encoding: "));
	append(w, pli_slice_from_string(label));
	append(w, PLI_SLICE_LITERAL("\r\n"));
}

/*
 * All fields
 */

/* A field that is written anew. */
static void
write_named(Writer *w, PliFieldName name)
{
	switch (name) {
	case PLI_FIELD_NAME_CONTENT_DISPOSITION: write_disposition(w); break;
	case PLI_FIELD_NAME_MIME_VERSION:
		append(w, PLI_SLICE_LITERAL("MIME-Version: 1.0\r\n"));
		break;
	case PLI_FIELD_NAME_SUBJECT:
	case PLI_FIELD_NAME_CONTENT_DESCRIPTION:
		write_item(w, PLI_ITEM_SUBJECT);
		break;
	case PLI_FIELD_NAME_FROM:
	case PLI_FIELD_NAME_SENDER:
	case PLI_FIELD_NAME_REPLY_TO:
	case PLI_FIELD_NAME_TO:
	case PLI_FIELD_NAME_CC:
	case PLI_FIELD_NAME_BCC: write_item(w, PLI_ITEM_FROM); break;
	default: clean_field(w);
	}
}

static void
write_field(Writer *w, const PliField *field)
{
	const guint64 bit =
		field->name < 64 ? G_GUINT64_CONSTANT(1) << field->name : 0;
	gboolean again = field->name > PLI_FIELD_NAME_OTHER &&
			 field->name <= PLI_FIELD_NAME_REFERENCES &&
			 w->seen & bit;
	gboolean is_type = field->name == PLI_FIELD_NAME_CONTENT_TYPE;
	gboolean is_encoding =
		field->name == PLI_FIELD_NAME_CONTENT_TRANSFER_ENCODING;

	if (field->flags & PLI_FIELD_MALFORMED) {
		if (!w->mine->header)
			copy_field(w);
		return;
	}
	if (w->mine->header && again)
		return;
	w->seen |= bit;
	if (w->sealed && (is_type || is_encoding))
		copy_field(w);
	else if (is_type && (w->mine->header || w->boundary != NULL))
		write_type(w);
	else if (!w->mine->header)
		copy_field(w);
	else if (is_encoding)
		write_encoding(w);
	else if (field->name == PLI_FIELD_NAME_OTHER ||
		 field->name > PLI_FIELD_NAME_REFERENCES)
		clean_field(w);
	else
		write_named(w, field->name);
}

static gboolean
read_field(Writer *w, guint32 number, GByteArray *octets, PliField *field,
	   GError **error)
{
	PliSource *source;

	pli_structure_get_field(w->plan->structure, number, field);
	source = pli_normalize_get_source(w->plan, field->span.source);
	g_byte_array_set_size(octets, 0);
	if (pli_source_read(source, field->span.offset, field->span.length,
			    octets, error) != PLI_STEP_READY)
		return FALSE;
	w->octets = pli_slice_new(octets->data, octets->len);
	w->value =
		pli_slice_skip(w->octets, MIN(field->value_start, octets->len));
	g_free(w->name);
	w->name =
		pli_slice_dup(pli_slice_new(octets->data, field->name_length));
	return TRUE;
}

/* What has to be said, and was not. */
static void
write_missing(Writer *w)
{
	const guint64 one = 1;
	gboolean has_type = w->seen & one << PLI_FIELD_NAME_CONTENT_TYPE;

	w->octets = PLI_SLICE_NONE;
	if (w->sealed)
		return;
	if (!has_type &&
	    (w->mine->charset != PLI_NORMALIZE_CHARSET_KEPT ||
	     w->part->flags & PLI_PART_SYNTHETIC || is_file(w->part))) {
		write_type(w);
		has_type = TRUE;
	}
	if (w->mine->header &&
	    !(w->seen & one << PLI_FIELD_NAME_CONTENT_TRANSFER_ENCODING) &&
	    (w->mine->body || w->part->encoding != PLI_ENCODING_7BIT)) {
		write_encoding(w);
		has_type = TRUE;
	}
	if (w->mine->header && has_type &&
	    w->part->flags & PLI_PART_IS_MESSAGE &&
	    !(w->seen & one << PLI_FIELD_NAME_MIME_VERSION))
		append(w, PLI_SLICE_LITERAL("MIME-Version: 1.0\r\n"));
}

gboolean
pli_normalize_write_header(PliNormalizePlan *plan, const PliPart *part,
			   const char *boundary, GByteArray *out,
			   GError **error)
{
	g_autoptr(GByteArray) octets = g_byte_array_new();
	Writer w = {
		.plan = plan,
		.part = part,
		.mine = &plan->parts[part->index],
		.boundary = boundary,
		.out = out,
		.sealed = pli_normalize_is_sealed(plan, part->index),
	};
	gboolean done = TRUE;

	for (guint32 i = 0; done && i < part->n_fields; i++) {
		PliField field;

		done = read_field(&w, part->first_field + i, octets, &field,
				  error);
		if (done)
			write_field(&w, &field);
	}
	if (done) {
		write_missing(&w);
		append(&w, PLI_SLICE_LITERAL("\r\n"));
	}
	g_free(w.name);
	return done;
}
