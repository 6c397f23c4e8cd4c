/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * gmime-walker DIR FILE...: what a short program on top of GMime does to
 * extract attachments, for bench-extract.py to measure beside `pli extract`.
 * It writes each part that has a name or is no text, decoded, under a safe
 * name, and trusts the message otherwise.
 */
#include <errno.h>
#include <fcntl.h>
#include <gmime/gmime.h>
#include <stdio.h>
#include <unistd.h>

static const char *dir;
static guint n_written;

static int
open_output(const char *name)
{
	g_autofree char *base = name != NULL ? g_path_get_basename(name) : NULL;
	int fd = -1;

	for (guint n = 0; fd < 0; n++) {
		g_autofree char *file =
			base == NULL ? g_strdup_printf("part-%u", n_written)
				     : g_strdup(base);
		g_autofree char *path =
			n == 0 ? g_build_filename(dir, file, NULL)
			       : g_strdup_printf("%s/%u-%s", dir, n, file);

		fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
		if (fd < 0 && errno != EEXIST) {
			perror(path);
			exit(1);
		}
	}
	n_written++;
	return fd;
}

static gboolean
is_attachment(GMimePart *part)
{
	GMimeContentType *type =
		g_mime_object_get_content_type(GMIME_OBJECT(part));

	return g_mime_part_get_filename(part) != NULL ||
	       g_mime_part_is_attachment(part) ||
	       !g_mime_content_type_is_type(type, "text", "*");
}

static void
write_part(GMimeObject *parent, GMimeObject *object, gpointer data)
{
	GMimeDataWrapper *content;
	GMimeStream *out;
	int fd;

	if (GMIME_IS_MESSAGE_PART(object)) {
		GMimeMessage *inside = g_mime_message_part_get_message(
			GMIME_MESSAGE_PART(object));

		if (inside != NULL)
			g_mime_message_foreach(inside, write_part, NULL);
		return;
	}
	if (!GMIME_IS_PART(object) || !is_attachment(GMIME_PART(object)))
		return;
	content = g_mime_part_get_content(GMIME_PART(object));
	if (content == NULL)
		return;
	fd = open_output(g_mime_part_get_filename(GMIME_PART(object)));
	out = g_mime_stream_fs_new(fd);
	if (g_mime_data_wrapper_write_to_stream(content, out) < 0 ||
	    g_mime_stream_flush(out) < 0) {
		perror("gmime-walker: write");
		exit(1);
	}
	g_object_unref(out);
}

static void
walk(const char *path)
{
	GMimeStream *stream;
	GMimeParser *parser;
	GMimeMessage *message;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0) {
		perror(path);
		exit(1);
	}
	stream = g_mime_stream_fs_new(fd);
	parser = g_mime_parser_new_with_stream(stream);
	message = g_mime_parser_construct_message(parser, NULL);
	if (message != NULL) {
		g_mime_message_foreach(message, write_part, NULL);
		g_object_unref(message);
	}
	g_object_unref(parser);
	g_object_unref(stream);
}

int
main(int argc, char **argv)
{
	if (argc < 3) {
		fprintf(stderr, "usage: gmime-walker DIR FILE...\n");
		return 64;
	}
	dir = argv[1];
	g_mime_init();
	for (int i = 2; i < argc; i++)
		walk(argv[i]);
	printf("%u files\n", n_written);
	g_mime_shutdown();
	return 0;
}
