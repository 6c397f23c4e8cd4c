/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A message of our own as GMime reads it, for test-compose.py: From and
 * Subject, then a line a leaf with type, file name and the SHA-256 of its
 * octets, decoded. Tabs between, "-" for what there is not.
 */
#include <gmime/gmime.h>
#include <stdio.h>

static void
print_leaf(GMimeObject *parent, GMimeObject *object, gpointer data)
{
	g_autofree char *type = g_mime_content_type_get_mime_type(
		g_mime_object_get_content_type(object));
	g_autofree char *sum = NULL;
	GMimeStream *stream;
	GByteArray *octets;
	const char *name;

	if (GMIME_IS_MESSAGE_PART(object))
		g_mime_message_foreach(g_mime_message_part_get_message(
					       GMIME_MESSAGE_PART(object)),
				       print_leaf, NULL);
	if (!GMIME_IS_PART(object))
		return;
	stream = g_mime_stream_mem_new();
	g_mime_data_wrapper_write_to_stream(
		g_mime_part_get_content(GMIME_PART(object)), stream);
	octets = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(stream));
	sum = g_compute_checksum_for_data(G_CHECKSUM_SHA256, octets->data,
					  octets->len);
	name = g_mime_part_get_filename(GMIME_PART(object));
	printf("%s\t%s\t%s\n", type, name != NULL ? name : "-", sum);
	g_object_unref(stream);
}

int
main(void)
{
	GMimeStream *stream;
	GMimeParser *parser;
	GMimeMessage *message;
	g_autofree char *from = NULL;

	g_mime_init();
	stream = g_mime_stream_pipe_new(0);
	parser = g_mime_parser_new_with_stream(stream);
	message = g_mime_parser_construct_message(parser, NULL);
	if (message == NULL)
		return 1;
	from = internet_address_list_to_string(
		g_mime_message_get_from(message), NULL, FALSE);
	printf("%s\n%s\n", from, g_mime_message_get_subject(message));
	g_mime_message_foreach(message, print_leaf, NULL);
	g_object_unref(message);
	g_object_unref(parser);
	g_object_unref(stream);
	return 0;
}
