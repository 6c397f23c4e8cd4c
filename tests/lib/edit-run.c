/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/lib/edit-run.h"

#include "engine/derive.h"
#include "engine/parser.h"
#include "tests/lib/step-source.h"

GByteArray *
pli_edit_run(PliEdit *edit)
{
	GByteArray *out = g_byte_array_new();
	g_autoptr(GError) error = NULL;
	PliSlice octets;

	do {
		PliStep step = pli_edit_next(edit, &octets, &error);

		g_assert_no_error(error);
		g_assert_cmpint(step, ==, PLI_STEP_READY);
		g_byte_array_append(out, octets.data, (guint)octets.len);
	} while (octets.len > 0);
	g_assert_cmpuint(out->len, ==, pli_edit_get_length(edit));
	return out;
}

#define NEW(s)                                     \
	{                                          \
		(const guint8 *)(s), sizeof(s) - 1 \
	}

/* Some mean something, one makes a multipart of what is none. */
static const PliSlice new_fields[] = {
	NEW("X-Added: yes\r\n"),
	NEW("Received: from a\r\n by b; Thu, 1 Jan 2026 00:00:00 +0000\r\n"),
	NEW("Subject: another\r\n"),
	NEW("Content-Type: text/html; charset=utf-8\r\nX-And: this\r\n"),
	NEW("Content-Type: multipart/mixed; boundary=zz\r\n"),
	NEW("Content-Type: message/rfc822\r\n"),
	NEW("Content-Transfer-Encoding: base64\r\n"),
	NEW("MIME-Version: 1.0\r\n"),
	NEW("X-Eight: caf\xc3\xa9\r\n"),
};

static const PliSlice new_parts[] = {
	NEW("Content-Type: text/plain\r\n\r\nnew\r\n"),
	NEW("\r\n"),
	NEW("X: y\r\n\r\nno\0 binary\rtext\nhere"),
	NEW("Content-Type: multipart/mixed; boundary=zz\r\n\r\npre\r\n"
	    "--zz\r\n\r\none\r\n--zz\r\n\r\n\xff\xfe\r\n--zz--\r\n"),
	NEW("Content-Type: message/rfc822\r\n"
	    "Content-Transfer-Encoding: base64\r\n\r\n"
	    "U3ViamVjdDogeA0KDQp5DQo=\r\n"),
	NEW("Content-Type: multipart/mixed; boundary=unclosed\r\n\r\n"
	    "--unclosed\r\n\r\nit ends here"),
};

typedef struct {
	GRand *rand;
	const PliStructure *structure;
	PliEdit *edit;
} Run;

static guint32
pick(Run *run, guint32 n)
{
	return n > 0 ? (guint32)g_rand_int_range(run->rand, 0, (gint32)n) : 0;
}

static gboolean
change_header(Run *run, guint32 index, GError **error)
{
	PliSlice octets = new_fields[pick(run, G_N_ELEMENTS(new_fields))];
	guint32 places[] = {PLI_EDIT_FIRST, PLI_EDIT_LAST, 0};
	guint32 field;
	PliPart part;

	pli_structure_get_part(run->structure, index, &part);
	field = part.first_field + pick(run, part.n_fields);
	places[2] = field;
	switch (pick(run, 3)) {
	case 0:
		return pli_edit_add_fields(run->edit, index,
					   places[pick(run, 3)], octets, error);
	case 1: return pli_edit_replace_field(run->edit, field, octets, error);
	default: return pli_edit_remove_field(run->edit, field, error);
	}
}

static gboolean
enclose(Run *run, guint32 index, GError **error)
{
	const PliEditEnclosure how = {
		.fields = pick(run, 2) ? new_fields[0] : PLI_SLICE_NONE,
		.subtype = pick(run, 2) ? "mixed" : NULL,
		.seed = PLI_SLICE_LITERAL("seed"),
	};
	PliEditEnclosure with_first = how;
	g_autoptr(PliSource) first = pli_step_source_new(
		new_parts[pick(run, G_N_ELEMENTS(new_parts))], 7);

	if (how.subtype != NULL && pick(run, 2))
		with_first.first = first;
	return pli_edit_enclose(run->edit, index, &with_first, error);
}

static gboolean
change_part(Run *run, guint32 index, GError **error)
{
	g_autoptr(PliSource) whole = pli_step_source_new(
		new_parts[pick(run, G_N_ELEMENTS(new_parts))], 7);
	PliPart part;

	pli_structure_get_part(run->structure, index, &part);
	switch (pick(run, 5)) {
	case 0:
	case 1: return pli_edit_drop_part(run->edit, index, error);
	case 2: return pli_edit_replace_body(run->edit, index, whole, error);
	case 3: return pli_edit_replace_part(run->edit, index, whole, error);
	default:
		if (pick(run, 2))
			return enclose(run, index, error);
		return pli_edit_insert_part(run->edit, index,
					    pick(run, part.n_children + 1),
					    whole, error);
	}
}

static void
make_change(Run *run, PliEditRunTotals *totals)
{
	guint32 index = pick(run, pli_structure_get_n_parts(run->structure));
	g_autoptr(GError) error = NULL;
	gboolean done;

	done = pick(run, 5) < 2 ? change_header(run, index, &error)
				: change_part(run, index, &error);
	if (done) {
		totals->n_made++;
		return;
	}
	g_assert_true(error->domain == PLI_EDIT_ERROR);
	totals->n_refused++;
}

/* Hashes of the leaves that a change of parts leaves. */
static void
add_leaves(const PliStructure *structure, guint32 without, GArray *hashes)
{
	for (guint32 i = 0; i < pli_structure_get_n_parts(structure); i++) {
		guint32 at = i;
		PliPart part, around;

		pli_structure_get_part(structure, i, &part);
		while (at != PLI_NONE && at != without) {
			pli_structure_get_part(structure, at, &around);
			at = around.parent;
		}
		if (at == PLI_NONE && part.kind == PLI_PART_LEAF)
			g_array_append_val(hashes, part.body_hash);
	}
}

/* A part dropped, or a field that means nothing, of a message that every
 * reader sees alike: all other leaves are there as they were, in order. */
static void
check_leaves(const Run *run, const PliStructure *after)
{
	g_autoptr(GArray) was = g_array_new(FALSE, FALSE, sizeof(guint64));
	g_autoptr(GArray) is = g_array_new(FALSE, FALSE, sizeof(guint64));
	const PliEditChange *change;
	guint32 without = PLI_NONE;

	if (pli_structure_get_flags(run->structure) &
		    (PLI_STRUCTURE_AMBIGUOUS | PLI_STRUCTURE_LIMITED) ||
	    pli_edit_get_n_changes(run->edit) != 1)
		return;
	change = pli_edit_get_change(run->edit, 0);
	if (change->thing == PLI_EDIT_PART &&
	    change->action == PLI_EDIT_REMOVED)
		without = change->part;
	else if (change->action != PLI_EDIT_ADDED ||
		 change->thing != PLI_EDIT_FIELD || change->name[0] != 'X')
		return;
	add_leaves(run->structure, without, was);
	add_leaves(after, PLI_NONE, is);
	g_assert_cmpmem(was->data, was->len * sizeof(guint64), is->data,
			is->len * sizeof(guint64));
}

static void
check_result(Run *run, PliSlice text, PliEditRunTotals *totals)
{
	g_autoptr(GByteArray) out = pli_edit_run(run->edit);
	PliLineMode mode = pli_structure_get_line_mode(run->structure);
	g_autoptr(PliStructure) fresh = pli_parser_parse(
		pli_slice_new(out->data, out->len), mode, NULL);
	g_autoptr(PliStructure) derived = NULL;
	g_autoptr(GError) error = NULL;
	guint64 scanned = 0;

	if (pli_edit_get_n_changes(run->edit) == 0)
		g_assert_cmpmem(out->data, out->len, text.data, text.len);
	derived = pli_derive_edit(run->edit, NULL, &scanned, &error);
	g_assert_no_error(error);
	g_assert_true(g_bytes_equal(pli_structure_get_bytes(fresh),
				    pli_structure_get_bytes(derived)));
	totals->octets += out->len;
	totals->scanned += scanned;
	totals->n_whole += scanned >= out->len;
	check_leaves(run, fresh);
}

void
pli_edit_run_random(PliSlice text, PliLineMode mode, guint32 seed,
		    PliEditRunTotals *totals)
{
	g_autoptr(PliStructure) structure = pli_parser_parse(text, mode, NULL);
	g_autoptr(PliSource) source = pli_step_source_new(text, 4096);
	g_autoptr(PliEdit) edit = NULL;
	g_autoptr(GError) error = NULL;
	Run run = {
		.rand = g_rand_new_with_seed(seed),
		.structure = structure,
	};
	guint32 n = 1 + pick(&run, 3);

	totals->n_edits++;
	edit = pli_edit_new(structure, source,
			    pick(&run, 2) ? PLI_EDIT_FORCE : 0, &error);
	g_assert_no_error(error);
	run.edit = edit;
	for (guint32 i = 0; i < n; i++)
		make_change(&run, totals);
	if (pli_edit_settle(edit, &error)) {
		check_result(&run, text, totals);
	} else {
		g_assert_true(error->domain == PLI_EDIT_ERROR);
		totals->n_conflicts++;
	}
	g_rand_free(run.rand);
}
