/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/lib/gmime-walk.h"

typedef struct {
	GMimeObject *object;
	guint depth;
} Visit;

GMimeMessage *
pli_gmime_parse(PliSlice message)
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

void
pli_gmime_walk(GMimeMessage *message, PliGmimeSee see, gpointer data)
{
	g_autoptr(GArray) stack = g_array_new(FALSE, FALSE, sizeof(Visit));

	push_visit(stack, g_mime_message_get_mime_part(message), 0);
	while (stack->len > 0) {
		Visit v = g_array_index(stack, Visit, stack->len - 1);
		gboolean has_children;

		g_array_set_size(stack, stack->len - 1);
		has_children = push_children(stack, &v);
		see(v.object, v.depth, !has_children, data);
	}
}

GBytes *
pli_gmime_decode(GMimeObject *leaf)
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
