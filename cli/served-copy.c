/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/served-copy.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "engine/line-end.h"
#include "engine/parser.h"
#include "store/file-source.h"

#define BLOCK (16 * 1024)

static int
open_nameless(GError **error)
{
	g_autofree char *path =
		g_build_filename(g_get_tmp_dir(), "pli-XXXXXX", NULL);
	int fd = g_mkstemp_full(path, O_RDWR | O_CLOEXEC, 0600);

	if (fd < 0)
		g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(errno),
			    "cannot make %s: %s", path, g_strerror(errno));
	else
		unlink(path);
	return fd;
}

static gboolean
write_all(int fd, const guint8 *octets, gsize len, GError **error)
{
	while (len > 0) {
		gssize n = write(fd, octets, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			g_set_error(error, G_FILE_ERROR,
				    g_file_error_from_errno(errno),
				    "cannot write a copy: %s",
				    g_strerror(errno));
			return FALSE;
		}
		octets += n;
		len -= (gsize)n;
	}
	return TRUE;
}

/* Scans, and writes to `fd` unless it is -1. */
static gboolean
copy_octets(const PliMessage *message, int fd, PliParser *parser,
	    GError **error)
{
	PliSpan left = {0, 0, pli_structure_get_length(message->structure)};
	PliLineEnd state = {FALSE};
	guint8 out[PLI_LINE_END_BOUND(BLOCK)];
	PliSlice octets;

	while (left.length > 0) {
		if (!pli_message_read_span(message->source, &left, BLOCK,
					   &octets, error))
			return FALSE;
		if (fd >= 0) {
			gsize n = pli_line_end_feed_crlf(&state, octets, out);

			octets = pli_slice_new(out, n);
			if (!write_all(fd, out, n, error))
				return FALSE;
		}
		pli_parser_scan(parser, octets);
	}
	return TRUE;
}

static PliStructure *
end_scan(PliParser *parser)
{
	PliParserEvent event;

	pli_parser_finish(parser, PLI_FINISH_COMPLETE);
	while (pli_parser_next(parser, &event) == PLI_STEP_READY)
		;
	return pli_parser_steal_structure(parser);
}

PliServedCopy *
pli_served_copy_new(const PliMessage *message, GError **error)
{
	gboolean changes = pli_structure_get_bare_lf(message->structure) > 0;
	g_autoptr(PliParser) parser = pli_parser_new(PLI_LINE_AS_IS, NULL);
	g_autoptr(PliSource) source = NULL;
	PliServedCopy *copy;
	int fd = -1;

	if (changes && (fd = open_nameless(error)) < 0)
		return NULL;
	if (!copy_octets(message, fd, parser, error)) {
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	source = changes ? pli_file_source_new(fd, 0, G_MAXUINT64, error)
			 : pli_source_ref(message->source);
	if (source == NULL)
		return NULL;
	copy = g_new(PliServedCopy, 1);
	copy->source = g_steal_pointer(&source);
	copy->structure = end_scan(parser);
	return copy;
}

void
pli_served_copy_free(PliServedCopy *copy)
{
	if (copy == NULL)
		return;
	pli_source_unref(copy->source);
	pli_structure_unref(copy->structure);
	g_free(copy);
}
