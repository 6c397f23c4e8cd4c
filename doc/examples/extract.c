/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * extract FILE FOLDER: writes each attachment of a message into FOLDER.
 *
 * Attachments are leaves that have a file name, and those whose disposition
 * is attachment. They are decoded as they are read, in pieces: the size of a
 * message is no matter.
 */
#include <engine/pli.h>

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <unistd.h>

#define PIECE (64 * 1024)

/*
 * A name that is safe in any folder: the part's number makes it unique, and of
 * the sender's name only letters, digits, dots and the like are kept.
 */
static char *
make_path(const char *folder, guint32 index, const char *name)
{
	g_autofree char *file = g_strdup_printf(
		"%03u-%s", index, name != NULL ? name : "unnamed");

	if (strlen(file) > 100)
		file[100] = '\0';
	g_strcanon(file, G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS "._-", '_');
	return g_build_filename(folder, file, NULL);
}

static gboolean
write_all(int fd, const guint8 *octets, gsize n, const char *path,
	  GError **error)
{
	while (n > 0) {
		gssize written = write(fd, octets, n);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0) {
			g_set_error(error, G_FILE_ERROR,
				    g_file_error_from_errno(errno), "%s: %s",
				    path, g_strerror(errno));
			return FALSE;
		}
		octets += written;
		n -= written;
	}
	return TRUE;
}

/* The part's body, piece by piece through its decoder, to a descriptor. */
static gboolean
write_body(PliSource *source, const PliPart *part, int fd, const char *path,
	   GError **error)
{
	g_autofree guint8 *out = NULL;
	guint64 done = 0;
	PliDecoder decoder;
	PliSlice octets;
	gsize n;

	pli_decoder_init(&decoder, part->encoding);
	out = g_malloc(pli_decoder_get_bound(&decoder, PIECE));
	while (done < part->body.length) {
		gsize want = MIN(PIECE, part->body.length - done);

		/* A source in memory never answers "not yet". */
		if (pli_source_read_at(source, part->body.offset + done, want,
				       &octets, error) != PLI_STEP_READY)
			return FALSE;
		if (octets.len == 0)
			break;
		n = pli_decoder_feed(&decoder, octets, out);
		if (!write_all(fd, out, n, path, error))
			return FALSE;
		done += octets.len;
	}
	n = pli_decoder_finish(&decoder, out);
	return write_all(fd, out, n, path, error);
}

static gboolean
is_attachment(const PliStructure *structure, const PliPart *part,
	      const char *name)
{
	PliItem item;

	if (part->kind != PLI_PART_LEAF || (part->flags & PLI_PART_SYNTHETIC))
		return FALSE;
	return name != NULL ||
	       (pli_structure_find_item(structure, part, PLI_ITEM_DISPOSITION,
					&item) &&
		pli_slice_is(item.value, "attachment"));
}

/* The part may lie in the decoding of another: that is a source, too. */
static gboolean
extract_part(const PliStructure *structure, PliSource *message,
	     const PliPart *part, const char *path, GError **error)
{
	g_autoptr(PliSource) source =
		pli_decoded_source_new(structure, message, part->body.source);
	int fd = g_open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	gboolean good;

	if (fd < 0) {
		g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(errno),
			    "%s: %s", path, g_strerror(errno));
		return FALSE;
	}
	good = write_body(source, part, fd, path, error);
	/* On a full disk or a network's it may be close() that fails. */
	good &= g_close(fd, good ? error : NULL);
	if (!good)
		g_unlink(path);
	return good;
}

static gboolean
extract_all(const PliStructure *structure, PliSource *message,
	    const char *folder, GError **error)
{
	g_autoptr(PliContext) context = pli_context_new();

	for (guint32 i = 0; i < pli_structure_get_n_parts(structure); i++) {
		g_autofree char *name = NULL;
		g_autofree char *path = NULL;
		PliPart part;

		pli_structure_get_part(structure, i, &part);
		name = pli_param_decode_filename(context, structure, &part,
						 NULL);
		if (!is_attachment(structure, &part, name))
			continue;
		path = make_path(folder, i, name);
		if (!extract_part(structure, message, &part, path, error))
			return FALSE;
		puts(path);
	}
	return TRUE;
}

int
main(int argc, char **argv)
{
	g_autoptr(PliStructure) structure = NULL;
	g_autoptr(PliSource) message = NULL;
	g_autoptr(GMappedFile) file = NULL;
	g_autoptr(GBytes) bytes = NULL;
	g_autoptr(GError) error = NULL;
	gsize length;

	if (argc != 3) {
		fprintf(stderr, "usage: extract FILE FOLDER\n");
		return 64;
	}
	file = g_mapped_file_new(argv[1], FALSE, &error);
	if (file == NULL) {
		fprintf(stderr, "extract: %s\n", error->message);
		return 66;
	}
	bytes = g_mapped_file_get_bytes(file);
	message = pli_source_new_bytes(bytes);
	structure = pli_parser_parse(
		pli_slice_new(g_bytes_get_data(bytes, &length),
			      g_bytes_get_size(bytes)),
		PLI_LINE_AS_IS, NULL);
	if (!extract_all(structure, message, argv[2], &error)) {
		fprintf(stderr, "extract: %s\n", error->message);
		return 74;
	}
	return fflush(stdout) == 0 ? 0 : 74;
}
