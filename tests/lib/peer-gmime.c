/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/lib/peer.h"

#include "tests/lib/gmime-walk.h"

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

static void
unref_bytes(gpointer bytes)
{
	if (bytes != NULL)
		g_bytes_unref(bytes);
}

static void
put_line(GMimeObject *object, guint depth, gboolean is_leaf, gpointer tree)
{
	g_autofree char *type = g_mime_content_type_get_mime_type(
	        g_mime_object_get_content_type(object));
	g_autofree char *lower = g_ascii_strdown(type, -1);
	PliSpan body = get_body(object);

	pli_peer_put_line(tree, depth, lower, is_leaf ? &body : NULL);
}

char *
pli_peer_tree_gmime(PliSlice message)
{
	GMimeMessage *parsed = pli_gmime_parse(message);
	GString *tree;

	if (parsed == NULL)
		return NULL;
	tree = g_string_new(NULL);
	pli_gmime_walk(parsed, put_line, tree);
	g_object_unref(parsed);
	return g_string_free(tree, FALSE);
}

static void
add_content(GMimeObject *object, guint depth, gboolean is_leaf,
            gpointer contents)
{
	if (is_leaf)
		g_ptr_array_add(contents, pli_gmime_decode(object));
}

GPtrArray *
pli_peer_contents_gmime(PliSlice message)
{
	GPtrArray *contents = g_ptr_array_new_with_free_func(unref_bytes);
	GMimeMessage *parsed = pli_gmime_parse(message);

	if (parsed == NULL)
		return contents;
	pli_gmime_walk(parsed, add_content, contents);
	g_object_unref(parsed);
	return contents;
}
