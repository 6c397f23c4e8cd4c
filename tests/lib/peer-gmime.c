/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/lib/peer.h"

#include <gmime/gmime.h>

typedef struct {
	GMimeObject *object;
	guint depth;
} Visit;

static void
push_visit(GArray *stack, GMimeObject *object, guint depth)
{
	Visit visit = {object, depth};

	if (object != NULL)
		g_array_append_val(stack, visit);
}

/* Deepest last, since the stack gives the last first. */
static gboolean
push_children(GArray *stack, const Visit *v)
{
	if (GMIME_IS_MULTIPART(v->object)) {
		GMimeMultipart *m = GMIME_MULTIPART(v->object);

		for (int i = g_mime_multipart_get_count(m); i > 0; i--)
			push_visit(stack, g_mime_multipart_get_part(m, i - 1),
			           v->depth + 1);
		return TRUE;
	}
	if (GMIME_IS_MESSAGE_PART(v->object)) {
		GMimeMessage *inner = g_mime_message_part_get_message(
		        GMIME_MESSAGE_PART(v->object));

		if (inner != NULL)
			push_visit(stack, g_mime_message_get_mime_part(inner),
			           v->depth + 1);
		return TRUE;
	}
	return FALSE;
}

/* The parser leaves contents where they are: their bounds are the body's. */
static PliSpan
get_body(GMimeObject *leaf)
{
	PliSpan span = {0};
	GMimeDataWrapper *content;
	GMimeStream *stream;

	if (!GMIME_IS_PART(leaf))
		return span;
	content = g_mime_part_get_content(GMIME_PART(leaf));
	if (content == NULL)
		return span;
	stream = g_mime_data_wrapper_get_stream(content);
	span.offset = (guint64)stream->bound_start;
	span.length = (guint64)g_mime_stream_length(stream);
	return span;
}

static GBytes *
decode_content(GMimeObject *leaf)
{
	GMimeDataWrapper *content = NULL;
	GMimeStream *out;
	GByteArray *octets;
	GBytes *bytes;

	if (GMIME_IS_PART(leaf))
		content = g_mime_part_get_content(GMIME_PART(leaf));
	if (content == NULL)
		return NULL;
	out = g_mime_stream_mem_new();
	g_mime_data_wrapper_write_to_stream(content, out);
	octets = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(out));
	bytes = g_bytes_new(octets->data, octets->len);
	g_object_unref(out);
	return bytes;
}

static void
unref_bytes(gpointer bytes)
{
	if (bytes != NULL)
		g_bytes_unref(bytes);
}

/* `tree` and `contents`: either may be NULL. */
static void
walk(GMimeMessage *message, GString *tree, GPtrArray *contents)
{
	g_autoptr(GArray) stack = g_array_new(FALSE, FALSE, sizeof(Visit));

	push_visit(stack, g_mime_message_get_mime_part(message), 0);
	while (stack->len > 0) {
		Visit v = g_array_index(stack, Visit, stack->len - 1);
		g_autofree char *type = g_mime_content_type_get_mime_type(
		        g_mime_object_get_content_type(v.object));
		g_autofree char *lower = g_ascii_strdown(type, -1);
		PliSpan body = get_body(v.object);
		gboolean is_leaf;

		g_array_set_size(stack, stack->len - 1);
		is_leaf = !push_children(stack, &v);
		if (tree != NULL)
			pli_peer_put_line(tree, v.depth, lower,
			                  is_leaf ? &body : NULL);
		if (is_leaf && contents != NULL)
			g_ptr_array_add(contents, decode_content(v.object));
	}
}

static GMimeMessage *
parse(PliSlice message)
{
	static gsize once;
	GMimeStream *stream;
	GMimeParser *parser;
	GMimeMessage *parsed;

	if (g_once_init_enter(&once)) {
		g_mime_init();
		g_once_init_leave(&once, 1);
	}
	stream = g_mime_stream_mem_new_with_buffer((const char *)message.data,
	                                           message.len);
	parser = g_mime_parser_new_with_stream(stream);
	g_mime_parser_set_persist_stream(parser, TRUE);
	parsed = g_mime_parser_construct_message(parser, NULL);
	g_object_unref(parser);
	g_object_unref(stream);
	return parsed;
}

char *
pli_peer_tree_gmime(PliSlice message)
{
	GMimeMessage *parsed = parse(message);
	GString *tree;

	if (parsed == NULL)
		return NULL;
	tree = g_string_new(NULL);
	walk(parsed, tree, NULL);
	g_object_unref(parsed);
	return g_string_free(tree, FALSE);
}

GPtrArray *
pli_peer_contents_gmime(PliSlice message)
{
	GPtrArray *contents = g_ptr_array_new_with_free_func(unref_bytes);
	GMimeMessage *parsed = parse(message);

	if (parsed == NULL)
		return contents;
	walk(parsed, NULL, contents);
	g_object_unref(parsed);
	return contents;
}
