/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/out-file.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/message.h"
#include "engine/line-end.h"

#define BLOCK (64 * 1024)

struct PliOutFile {
	char *path; /* NULL: standard output */
	char *temporary;
	FILE *file;
	PliLineEnd line_end;
	GByteArray *text; /* with LF; NULL: as it comes */
};

static gboolean
fail(const PliOutFile *file, GError **error)
{
	int code = errno;

	g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(code),
		    "cannot write %s: %s",
		    file->path != NULL ? file->path : "standard output",
		    g_strerror(code));
	return FALSE;
}

/* As the file that is there, or as any new one. */
static gboolean
set_mode(const PliOutFile *file, int fd)
{
	struct stat st;
	mode_t mask;

	if (stat(file->path, &st) == 0)
		return fchmod(fd, st.st_mode & 0777) == 0;
	mask = umask(0);
	umask(mask);
	return fchmod(fd, 0666 & ~mask) == 0;
}

PliOutFile *
pli_out_file_new(const char *path, GError **error)
{
	g_autoptr(PliOutFile) file = g_new0(PliOutFile, 1);
	int fd;

	if (path == NULL) {
		file->file = stdout;
		return g_steal_pointer(&file);
	}
	file->path = g_strdup(path);
	file->temporary = g_strconcat(path, ".XXXXXX", NULL);
	fd = g_mkstemp_full(file->temporary, O_RDWR | O_CLOEXEC, 0600);
	if (fd < 0) {
		fail(file, error);
		g_clear_pointer(&file->temporary, g_free);
		return NULL;
	}
	file->file = fdopen(fd, "w");
	if (file->file == NULL || !set_mode(file, fd)) {
		fail(file, error);
		if (file->file == NULL)
			close(fd);
		return NULL;
	}
	return g_steal_pointer(&file);
}

void
pli_out_file_free(PliOutFile *file)
{
	if (file == NULL)
		return;
	if (file->file != NULL && file->file != stdout)
		fclose(file->file);
	if (file->temporary != NULL)
		g_unlink(file->temporary);
	if (file->text != NULL)
		g_byte_array_unref(file->text);
	g_free(file->temporary);
	g_free(file->path);
	g_free(file);
}

void
pli_out_file_end_lines_as(PliOutFile *file, const PliStructure *structure)
{
	if (pli_structure_get_bare_lf(structure) >
	    pli_structure_get_lines(structure) / 2)
		file->text = g_byte_array_new();
}

/* No octets: the end of the text. Valid as `text` is. */
static PliSlice
take_lf(PliOutFile *file, PliSlice octets)
{
	guint8 *out;

	g_byte_array_set_size(file->text,
			      (guint)PLI_LINE_END_BOUND(octets.len));
	out = file->text->data;
	return pli_slice_new(
		out, octets.len > 0 ? pli_line_end_feed_lf(&file->line_end,
							   octets, out)
				    : pli_line_end_finish_lf(&file->line_end,
							     out));
}

static gboolean
add_as_it_is(PliOutFile *file, PliSlice octets, GError **error)
{
	if (octets.len > 0 &&
	    fwrite(octets.data, 1, octets.len, file->file) != octets.len)
		return fail(file, error);
	return TRUE;
}

gboolean
pli_out_file_add(PliOutFile *file, PliSlice octets, GError **error)
{
	if (file->text != NULL && octets.len > 0)
		octets = take_lf(file, octets);
	return add_as_it_is(file, octets, error);
}

gboolean
pli_out_file_add_source(PliOutFile *file, PliSource *source, guint64 length,
			GError **error)
{
	PliSpan left = {0, 0, length};
	PliSlice octets;

	while (left.length > 0)
		if (!pli_message_read_span(source, &left, BLOCK, &octets,
					   error) ||
		    !pli_out_file_add(file, octets, error))
			return FALSE;
	return TRUE;
}

gboolean
pli_out_file_finish(PliOutFile *file, GError **error)
{
	FILE *stream = file->file;

	if (file->text != NULL &&
	    !add_as_it_is(file, take_lf(file, PLI_SLICE_NONE), error))
		return FALSE;
	if (fflush(stream) != 0)
		return fail(file, error);
	if (stream == stdout)
		return TRUE;
	if (fsync(fileno(stream)) < 0)
		return fail(file, error);
	file->file = NULL;
	if (fclose(stream) != 0 || rename(file->temporary, file->path) < 0)
		return fail(file, error);
	g_clear_pointer(&file->temporary, g_free);
	return TRUE;
}
