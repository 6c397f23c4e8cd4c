/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/lib/peer.h"

#include "engine/decoder.h"
#include "engine/parser.h"

#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>

#define PEER_SECONDS 10
/* Some 100 levels of GMime's address reader. */
#define VETTED_FIELD_OCTETS 16384

void
pli_peer_put_line(GString *out, guint depth, const char *type,
                  const PliSpan *octets)
{
	g_string_append_printf(out, "%*s%s", (int)(2 * depth), "", type);
	if (octets != NULL && octets->length == 0)
		g_string_append(out, " empty");
	else if (octets != NULL)
		g_string_append_printf(out,
		                       " %" G_GUINT64_FORMAT
		                       "+%" G_GUINT64_FORMAT,
		                       octets->offset, octets->length);
	g_string_append_c(out, '\n');
}

char *
pli_peer_tree_of(const PliStructure *structure)
{
	GString *out = g_string_new(NULL);

	for (guint32 i = 0; i < pli_structure_get_n_parts(structure); i++) {
		PliSlice type, subtype;
		g_autofree char *both = NULL;
		PliPart part;

		pli_structure_get_part(structure, i, &part);
		if (part.flags & PLI_PART_SYNTHETIC)
			continue;
		pli_structure_get_type(structure, &part, &type, &subtype);
		both = g_strdup_printf("%.*s/%.*s", (int)type.len, type.data,
		                       (int)subtype.len, subtype.data);
		pli_peer_put_line(out, part.depth, both,
		                  part.kind == PLI_PART_LEAF ? &part.body
		                                             : NULL);
	}
	return g_string_free(out, FALSE);
}

char *
pli_peer_tree_pli(PliSlice message)
{
	g_autoptr(PliStructure) structure =
	        pli_parser_parse(message, PLI_LINE_LF_FILE, NULL);

	return pli_peer_tree_of(structure);
}

static void
unref_bytes(gpointer bytes)
{
	if (bytes != NULL)
		g_bytes_unref(bytes);
}

/* A line of quoted-printable that ends in blanks: RFC 2045 6.7 (3) drops
 * them, GMime keeps them. */
static gboolean
has_last_blank(PliSlice body)
{
	for (gsize i = 0; i < body.len; i++) {
		gsize next = i + 1;

		if (body.data[i] != ' ' && body.data[i] != '\t')
			continue;
		if (next == body.len || body.data[next] == '\r' ||
		    body.data[next] == '\n')
			return TRUE;
	}
	return FALSE;
}

static GBytes *
decode(PliEncoding encoding, PliSlice body)
{
	guint8 rest[sizeof(((PliDecoder *)NULL)->held)];
	g_autoptr(GByteArray) out = g_byte_array_new();
	PliDecoder decoder;
	gsize n;

	if (encoding == PLI_ENCODING_QUOTED_PRINTABLE && has_last_blank(body))
		return NULL;
	pli_decoder_init(&decoder, encoding);
	g_byte_array_set_size(out, pli_decoder_get_bound(&decoder, body.len));
	n = pli_decoder_feed(&decoder, body, out->data);
	g_byte_array_set_size(out, n);
	n = pli_decoder_finish(&decoder, rest);
	g_byte_array_append(out, rest, n);
	if (!pli_defect_set_is_empty(&decoder.defects))
		return NULL;
	return g_byte_array_free_to_bytes(g_steal_pointer(&out));
}

GPtrArray *
pli_peer_contents_of(const PliStructure *structure, PliSlice message)
{
	GPtrArray *contents = g_ptr_array_new_with_free_func(unref_bytes);

	for (guint32 i = 0; i < pli_structure_get_n_parts(structure); i++) {
		PliPart part;

		pli_structure_get_part(structure, i, &part);
		if (part.kind != PLI_PART_LEAF ||
		    (part.flags & PLI_PART_SYNTHETIC))
			continue;
		g_ptr_array_add(contents,
		                decode(part.encoding,
		                       pli_slice_new(message.data +
		                                             part.body.offset,
		                                     part.body.length)));
	}
	return contents;
}

gint
pli_peer_find_other_content(const GPtrArray *ours, const GPtrArray *theirs)
{
	for (guint i = 0; i < MIN(ours->len, theirs->len); i++)
		if (ours->pdata[i] != NULL && theirs->pdata[i] != NULL &&
		    !g_bytes_equal(ours->pdata[i], theirs->pdata[i]))
			return (gint)i;
	return -1;
}

gboolean
pli_peer_is_vetted(const PliStructure *structure, PliSlice message)
{
	const guint32 out = PLI_STRUCTURE_AMBIGUOUS | PLI_STRUCTURE_LIMITED |
	                    PLI_STRUCTURE_INCOMPLETE;

	if (pli_structure_get_flags(structure) & out)
		return FALSE;
	for (guint32 i = 0; i < pli_structure_get_n_fields(structure); i++) {
		PliField field;

		pli_structure_get_field(structure, i, &field);
		if (field.span.length > VETTED_FIELD_OCTETS)
			return FALSE;
	}
	for (guint32 i = 0; i < pli_structure_get_n_defects(structure); i++) {
		PliDefect defect;

		pli_structure_get_defect(structure, i, &defect);
		/* GMime drops a part whose header runs to the end. */
		if (defect.id == PLI_DEFECT_HEADER_UNTERMINATED)
			return FALSE;
	}
	for (guint32 i = 0; i < pli_structure_get_n_parts(structure); i++) {
		PliPart part;

		pli_structure_get_part(structure, i, &part);
		/* GMime opens news, and drops a part of no octets. */
		if (pli_structure_is_type(structure, &part, "message",
		                          "news") ||
		    part.header.length + part.body.length == 0)
			return FALSE;
	}
	/* Without a last line end GMime leaves the CR before a boundary. */
	return message.len > 0 && message.data[message.len - 1] == '\n';
}

static gboolean
write_all(int fd, const void *data, gsize len)
{
	const guint8 *at = data;

	while (len > 0) {
		const gssize n = write(fd, at, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return FALSE;
		at += n;
		len -= (gsize)n;
	}
	return TRUE;
}

static gboolean
read_all(int fd, void *data, gsize len)
{
	guint8 *at = data;

	while (len > 0) {
		const gssize n = read(fd, at, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return FALSE;
		at += n;
		len -= (gsize)n;
	}
	return TRUE;
}

static void G_GNUC_NORETURN
run_child(PliPeerTree tree, const GPtrArray *messages, guint first, int fd)
{
	for (guint i = first; i < messages->len; i++) {
		gsize len;
		const guint8 *data = g_bytes_get_data(messages->pdata[i], &len);
		char *text;
		guint64 n;

		alarm(PEER_SECONDS);
		text = tree(pli_slice_new(data, len));
		if (text == NULL)
			text = g_strdup("none\n");
		n = strlen(text);
		if (!write_all(fd, &n, sizeof n) || !write_all(fd, text, n))
			_exit(1);
		g_free(text);
	}
	_exit(0);
}

/* Trees until the child is done, or dead. */
static void
read_trees(int fd, GPtrArray *trees)
{
	guint64 n;

	while (read_all(fd, &n, sizeof n)) {
		char *text = g_malloc0(n + 1);

		if (!read_all(fd, text, n)) {
			g_free(text);
			return;
		}
		g_ptr_array_add(trees, text);
	}
}

GPtrArray *
pli_peer_run(PliPeerTree tree, const GPtrArray *messages)
{
	GPtrArray *trees = g_ptr_array_new_with_free_func(g_free);

	while (trees->len < messages->len) {
		pid_t child;
		int ends[2], status;

		g_assert_no_errno(pipe(ends));
		child = fork();
		g_assert_cmpint(child, >=, 0);
		if (child == 0) {
			close(ends[0]);
			run_child(tree, messages, trees->len, ends[1]);
		}
		close(ends[1]);
		read_trees(ends[0], trees);
		close(ends[0]);
		g_assert_cmpint(waitpid(child, &status, 0), ==, child);
		if (trees->len < messages->len)
			g_ptr_array_add(trees, g_strdup("died\n"));
	}
	return trees;
}
