/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/gmime/bridge.h"

#include "engine/gmime/bridge-priv.h"
#include "engine/gmime/stream.h"
#include "engine/param.h"
#include "engine/parser.h"
#include "engine/word.h"

/* RFC 2046 5.1.1 */
#define MAX_BOUNDARY 70

typedef struct {
	const PliStructure *structure;
	PliLeafSources *sources;
	PliContext *context;
	const char *seed;
} Bridge;

static GMimeContentEncoding
get_encoding(PliEncoding encoding)
{
	switch (encoding) {
	case PLI_ENCODING_7BIT: return GMIME_CONTENT_ENCODING_7BIT;
	case PLI_ENCODING_8BIT: return GMIME_CONTENT_ENCODING_8BIT;
	case PLI_ENCODING_BINARY: return GMIME_CONTENT_ENCODING_BINARY;
	case PLI_ENCODING_BASE64: return GMIME_CONTENT_ENCODING_BASE64;
	case PLI_ENCODING_QUOTED_PRINTABLE:
		return GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE;
	case PLI_ENCODING_UUENCODE: return GMIME_CONTENT_ENCODING_UUENCODE;
	default: return GMIME_CONTENT_ENCODING_DEFAULT;
	}
}

/* Parameters by their names without RFC 2231's stars, each once. */
static void
copy_params(const Bridge *bridge, const PliPart *part, PliItemKind kind,
	    GMimeParamList *to)
{
	PliItem item;
	guint32 n = 0;

	while (pli_structure_next_item(bridge->structure, part, kind, &n,
				       &item)) {
		g_autofree char *name = pli_slice_dup(item.name);
		g_autofree char *value = NULL;
		char *star = strchr(name, '*');

		if (star != NULL)
			*star = '\0';
		if (*name == '\0' || !g_str_is_ascii(name) ||
		    g_mime_param_list_get_parameter(to, name) != NULL)
			continue;
		value = pli_param_decode(bridge->context, bridge->structure,
					 part, kind, name, NULL);
		if (value != NULL)
			g_mime_param_list_set_parameter(to, name, value);
	}
}

static GMimeContentType *
new_type(const Bridge *bridge, const PliPart *part)
{
	g_autofree char *type = NULL, *subtype = NULL;
	GMimeContentType *to;
	PliSlice a, b;

	pli_structure_get_type(bridge->structure, part, &a, &b);
	type = pli_slice_dup(a);
	subtype = pli_slice_dup(b);
	to = g_mime_content_type_new(type, subtype);
	copy_params(bridge, part, PLI_ITEM_TYPE_PARAM,
		    g_mime_content_type_get_parameters(to));
	return to;
}

static void
set_disposition(const Bridge *bridge, const PliPart *part, GMimeObject *to)
{
	GMimeContentDisposition *disposition;
	g_autofree char *word = NULL;
	PliItem item;

	if (!pli_structure_find_item(bridge->structure, part,
				     PLI_ITEM_DISPOSITION, &item) ||
	    item.value.len == 0)
		return;
	word = pli_word_decode_dup(bridge->context, item.value);
	disposition = g_mime_content_disposition_new();
	g_mime_content_disposition_set_disposition(disposition, word);
	copy_params(bridge, part, PLI_ITEM_DISPOSITION_PARAM,
		    g_mime_content_disposition_get_parameters(disposition));
	g_mime_object_set_content_disposition(to, disposition);
	g_object_unref(disposition);
}

/* Other fields of the content, of which GMime makes nothing. */
static void
set_text(const Bridge *bridge, const PliPart *part, PliItemKind kind,
	 const char *name, GMimeObject *to)
{
	g_autofree char *text = NULL;
	PliItem item;

	if (!pli_structure_find_item(bridge->structure, part, kind, &item) ||
	    item.value.len == 0)
		return;
	text = pli_word_decode_dup(bridge->context, item.value);
	g_mime_object_set_header(to, name, text, "utf-8");
}

static void
set_id(const Bridge *bridge, const PliPart *part, GMimeObject *to)
{
	g_autofree char *id = NULL;
	PliSlice value;
	PliItem item;

	if (!pli_structure_find_item(bridge->structure, part, PLI_ITEM_ID,
				     &item))
		return;
	value = pli_slice_trim(item.value);
	if (value.len < 3 || value.data[0] != '<' ||
	    value.data[value.len - 1] != '>')
		return;
	id = pli_slice_dup(pli_slice_new(value.data + 1, value.len - 2));
	if (g_str_is_ascii(id) && strpbrk(id, " \t\r\n<>()\"\\") == NULL)
		g_mime_object_set_content_id(to, id);
}

static gboolean
is_boundary(const char *text)
{
	gsize len = text != NULL ? strlen(text) : 0;

	for (gsize i = 0; i < len; i++)
		if (!g_ascii_isalnum(text[i]) &&
		    strchr("'()+_,-./:=? ", text[i]) == NULL)
			return FALSE;
	return len > 0 && len <= MAX_BOUNDARY && text[len - 1] != ' ';
}

static void
set_boundary(const Bridge *bridge, const PliPart *part, GMimeMultipart *to)
{
	const char *old = g_mime_multipart_get_boundary(to);
	g_autofree char *text = NULL, *sum = NULL, *boundary = NULL;

	if (bridge->seed == NULL && is_boundary(old))
		return;
	text = g_strdup_printf("%u %s", part->index,
			       bridge->seed != NULL ? bridge->seed : "");
	sum = g_compute_checksum_for_string(G_CHECKSUM_SHA256, text, -1);
	boundary = g_strdup_printf("=_%.32s", sum);
	g_mime_multipart_set_boundary(to, boundary);
}

/* Of GMime's class for the type, or of `otherwise` when that is no kind of
 * it. */
static GMimeObject *
new_of_type(const Bridge *bridge, const PliPart *part, GType otherwise)
{
	PliSlice a, b;
	g_autofree char *type = NULL, *subtype = NULL;
	GMimeObject *object;

	pli_structure_get_type(bridge->structure, part, &a, &b);
	type = pli_slice_dup(a);
	subtype = pli_slice_dup(b);
	object = g_mime_object_new_type(NULL, type, subtype);
	if (G_TYPE_CHECK_INSTANCE_TYPE(object, otherwise))
		return object;
	g_object_unref(object);
	return otherwise == GMIME_TYPE_MULTIPART
		       ? GMIME_OBJECT(g_mime_multipart_new())
		       : GMIME_OBJECT(g_mime_part_new());
}

static GMimeObject *
new_leaf(const Bridge *bridge, const PliPart *part)
{
	GMimeObject *leaf = new_of_type(bridge, part, GMIME_TYPE_PART);
	PliSource *source =
		pli_leaf_sources_get(bridge->sources, part->body.source);
	GMimeStream *stream = pli_stream_new_source(source, part->body.offset,
						    part->body.length);
	GMimeContentEncoding encoding = get_encoding(part->encoding);
	GMimeDataWrapper *content =
		g_mime_data_wrapper_new_with_stream(stream, encoding);

	g_mime_part_set_content(GMIME_PART(leaf), content);
	g_mime_part_set_content_encoding(GMIME_PART(leaf), encoding);
	g_object_unref(content);
	g_object_unref(stream);
	return leaf;
}

/* What composites are labelled; one that was encoded is not any more. */
static void
set_composite_encoding(const PliPart *part, GMimeObject *to)
{
	if (part->encoding == PLI_ENCODING_8BIT)
		g_mime_object_set_header(to, "Content-Transfer-Encoding",
					 "8bit", NULL);
	else if (part->encoding != PLI_ENCODING_7BIT)
		g_mime_object_set_header(to, "Content-Transfer-Encoding",
					 "binary", NULL);
}

/* A part without its children and without the header of a message. */
static GMimeObject *
new_content(const Bridge *bridge, const PliPart *part)
{
	GMimeContentType *type = new_type(bridge, part);
	GMimeObject *object;

	if (part->kind == PLI_PART_MULTIPART)
		object = new_of_type(bridge, part, GMIME_TYPE_MULTIPART);
	else if (part->kind == PLI_PART_MESSAGE)
		object = GMIME_OBJECT(g_mime_message_part_new("rfc822"));
	else
		object = new_leaf(bridge, part);
	g_mime_object_set_content_type(object, type);
	g_object_unref(type);
	if (part->kind == PLI_PART_MULTIPART)
		set_boundary(bridge, part, GMIME_MULTIPART(object));
	if (part->kind != PLI_PART_LEAF)
		set_composite_encoding(part, object);
	set_disposition(bridge, part, object);
	set_id(bridge, part, object);
	set_text(bridge, part, PLI_ITEM_DESCRIPTION, "Content-Description",
		 object);
	set_text(bridge, part, PLI_ITEM_LOCATION, "Content-Location", object);
	set_text(bridge, part, PLI_ITEM_MD5, "Content-MD5", object);
	return object;
}

/* With its header, where it is a message's. */
static GMimeObject *
new_part(const Bridge *bridge, const PliPart *part, GMimeObject **ret_content)
{
	GMimeObject *content = new_content(bridge, part);
	GMimeMessage *message;

	*ret_content = content;
	if (!(part->flags & PLI_PART_IS_MESSAGE))
		return content;
	message = g_mime_message_new(FALSE);
	pli_bridge_copy_fields(bridge->context, bridge->sources, part,
			       message);
	g_mime_message_set_mime_part(message, content);
	g_object_unref(content);
	return GMIME_OBJECT(message);
}

static void
attach(GMimeObject *around, GMimeObject *object)
{
	if (GMIME_IS_MULTIPART(around))
		g_mime_multipart_add(GMIME_MULTIPART(around), object);
	else if (GMIME_IS_MESSAGE_PART(around) && GMIME_IS_MESSAGE(object))
		g_mime_message_part_set_message(GMIME_MESSAGE_PART(around),
						GMIME_MESSAGE(object));
}

GMimeObject *
pli_bridge_new_object(const PliStructure *structure, PliSource *message,
		      guint32 first, const char *seed)
{
	g_autoptr(PliContext) context = pli_context_new();
	g_auto(PliLeafSources) sources = {.made = NULL};
	const Bridge bridge = {structure, &sources, context, seed};
	guint32 n = pli_structure_get_n_parts(structure);
	/* content objects by part, borrowed: each is held by what is around */
	g_autofree GMimeObject **contents =
		g_new0(GMimeObject *, n - first);
	GMimeObject *result;
	PliPart part;
	guint16 depth;

	pli_leaf_sources_init(&sources, structure, message);
	pli_structure_get_part(structure, first, &part);
	depth = part.depth;
	result = new_part(&bridge, &part, &contents[0]);
	for (guint32 i = first + 1; i < n; i++) {
		GMimeObject *object, *around;

		pli_structure_get_part(structure, i, &part);
		if (part.depth <= depth)
			break;
		around = contents[part.parent - first];
		if (part.flags & PLI_PART_SYNTHETIC || around == NULL)
			continue;
		object = new_part(&bridge, &part, &contents[i - first]);
		attach(around, object);
		g_object_unref(object);
	}
	return result;
}

gboolean
pli_bridge_read_object(GMimeObject *object, gsize ceiling, GBytes **ret_octets,
		       PliStructure **ret_structure, GError **error)
{
	GMimeFormatOptions *format = g_mime_format_options_new();
	GMimeStream *out = pli_stream_new_sink(ceiling);
	gboolean good;
	PliSlice octets;

	g_mime_format_options_set_newline_format(format,
						 GMIME_NEWLINE_FORMAT_DOS);
	good = g_mime_object_write_to_stream(object, format, out) >= 0 &&
	       !pli_stream_is_full(out);
	if (good) {
		*ret_octets = pli_stream_steal_bytes(out);
		octets = pli_slice_from_bytes(*ret_octets);
		*ret_structure =
			pli_parser_parse(octets, PLI_LINE_AS_IS, NULL);
	} else if (pli_stream_is_full(out)) {
		g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_NOSPC,
			    "more than %" G_GSIZE_FORMAT " octets come out",
			    ceiling);
	} else {
		g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_IO,
			    "a part cannot be read");
	}
	g_object_unref(out);
	g_mime_format_options_free(format);
	return good;
}
