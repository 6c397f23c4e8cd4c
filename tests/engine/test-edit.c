/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Edits one by one; and at random over the fixtures and the corpus, where the
 * derived structure must be that of a scan. PLI_TEST_LONG=1 makes five of each
 * message, otherwise each fifth gets one.
 */
#include "engine/edit.h"

#include "engine/parser.h"
#include "tests/lib/corpus.h"
#include "tests/lib/edit-run.h"
#include "tests/lib/step-source.h"

#define TEXT(s) pli_slice_new(s, sizeof(s) - 1)

#define TREE                                                        \
	"Subject: x\r\n"                                            \
	"MIME-Version: 1.0\r\n"                                     \
	"Content-Type: multipart/mixed; boundary=a\r\n\r\n"         \
	"before\r\n--a\r\n\r\none\r\n--a \t\r\nX: y\r\n\r\ntwo\r\n" \
	"\r\n--a\r\nContent-Type: message/rfc822\r\n\r\n"           \
	"Subject: in\r\n\r\nthree\r\n--a--\r\nafter\r\n"

typedef struct {
	PliStructure *structure;
	PliSource *source;
	PliEdit *edit;
} Case;

static void
begin_flagged(Case *c, PliSlice text, PliEditFlags flags)
{
	g_autoptr(GError) error = NULL;

	c->structure = pli_parser_parse(text, PLI_LINE_AS_IS, NULL);
	c->source = pli_step_source_new(text, 5);
	c->edit = pli_edit_new(c->structure, c->source, flags, &error);
	g_assert_no_error(error);
}

static void
begin(Case *c, PliSlice text)
{
	begin_flagged(c, text, 0);
}

static void
end(Case *c)
{
	pli_edit_free(c->edit);
	pli_source_unref(c->source);
	pli_structure_unref(c->structure);
}

static void
end_as(Case *c, const char *expected)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GByteArray) out = NULL;

	pli_edit_settle(c->edit, &error);
	g_assert_no_error(error);
	out = pli_edit_run(c->edit);
	g_byte_array_append(out, (const guint8 *)"", 1);
	g_assert_cmpstr((const char *)out->data, ==, expected);
	end(c);
}

static void
check_error(GError **error, PliEditError code, const char *start)
{
	g_assert_error(*error, PLI_EDIT_ERROR, (gint)code);
	g_test_message("%s", (*error)->message);
	g_assert_true(g_str_has_prefix((*error)->message, start));
	g_clear_error(error);
}

static void
add(Case *c, guint32 part, guint32 place, const char *octets)
{
	g_autoptr(GError) error = NULL;

	pli_edit_add_fields(c->edit, part, place, pli_slice_from_string(octets),
			    &error);
	g_assert_no_error(error);
}

static void
replace_field(Case *c, guint32 part, const char *name, gint n,
	      const char *octets)
{
	g_autoptr(GError) error = NULL;
	guint32 field;

	pli_edit_find_field(c->edit, part, name, n, &field, &error);
	g_assert_no_error(error);
	if (octets == NULL)
		pli_edit_remove_field(c->edit, field, &error);
	else
		pli_edit_replace_field(c->edit, field,
				       pli_slice_from_string(octets), &error);
	g_assert_no_error(error);
}

static void
drop(Case *c, guint32 part)
{
	g_autoptr(GError) error = NULL;

	pli_edit_drop_part(c->edit, part, &error);
	g_assert_no_error(error);
}

static void
insert(Case *c, guint32 part, guint32 n, const char *octets)
{
	g_autoptr(PliSource) source =
		pli_step_source_new(pli_slice_from_string(octets), 3);
	g_autoptr(GError) error = NULL;

	pli_edit_insert_part(c->edit, part, n, source, &error);
	g_assert_no_error(error);
}

static void
replace(Case *c, guint32 part, gboolean body, const char *octets)
{
	g_autoptr(PliSource) source =
		pli_step_source_new(pli_slice_from_string(octets), 3);
	g_autoptr(GError) error = NULL;

	if (body)
		pli_edit_replace_body(c->edit, part, source, &error);
	else
		pli_edit_replace_part(c->edit, part, source, &error);
	g_assert_no_error(error);
}

static void
test_fields(void)
{
	Case c;

	begin(&c, TEXT("A: 1\r\nB: 2\r\n 2\r\nA: 3\r\n\r\nx\r\n"));
	add(&c, 0, PLI_EDIT_LAST, "L: 1\r\n");
	add(&c, 0, PLI_EDIT_FIRST, "F: 1\r\n");
	add(&c, 0, PLI_EDIT_FIRST, "F: 2\r\n");
	add(&c, 0, 1, "G: 1\r\nG: 2\r\n");
	replace_field(&c, 0, "a", -1, "C: 3\r\n");
	replace_field(&c, 0, "b", 1, NULL);
	end_as(&c, "F: 1\r\nF: 2\r\nA: 1\r\nG: 1\r\nG: 2\r\nC: 3\r\nL: 1\r\n"
		   "\r\nx\r\n");
	/* headers that end in other ways */
	begin(&c, TEXT("A: 1"));
	add(&c, 0, PLI_EDIT_LAST, "B: 2\r\n");
	end_as(&c, "A: 1\r\nB: 2\r\n");
	begin(&c, TEXT("A: 1\r\n"));
	add(&c, 0, 0, "B: 2\r\n");
	end_as(&c, "A: 1\r\nB: 2\r\n");
	begin(&c, TEXT(""));
	add(&c, 0, PLI_EDIT_FIRST, "B: 2\r\n");
	end_as(&c, "B: 2\r\n");
	begin(&c, TEXT("\r\nx"));
	add(&c, 0, PLI_EDIT_LAST, "B: 2\r\n");
	end_as(&c, "B: 2\r\n\r\nx");
	/* lines end as those of the message */
	begin(&c, TEXT("A: 1\n\nx\n"));
	add(&c, 0, PLI_EDIT_LAST, "B: 2\r\n 2\r\n");
	end_as(&c, "A: 1\nB: 2\n 2\n\nx\n");
	/* of a part, and of a message inside */
	begin(&c, TEXT(TREE));
	add(&c, 1, PLI_EDIT_FIRST, "P: 1\r\n");
	replace_field(&c, 4, "subject", 1, "Subject: new\r\n");
	replace_field(&c, 2, "x", 1, NULL);
	end_as(&c, "Subject: x\r\nMIME-Version: 1.0\r\n"
		   "Content-Type: multipart/mixed; boundary=a\r\n\r\n"
		   "before\r\n--a\r\nP: 1\r\n\r\none\r\n--a \t\r\n\r\ntwo\r\n"
		   "\r\n--a\r\nContent-Type: message/rfc822\r\n\r\n"
		   "Subject: new\r\n\r\nthree\r\n--a--\r\nafter\r\n");
}

#define HEAD                    \
	"Subject: x\r\n"        \
	"MIME-Version: 1.0\r\n" \
	"Content-Type: multipart/mixed; boundary=a\r\n\r\nbefore\r\n--a\r\n"
#define ONE "\r\none"
#define TWO "X: y\r\n\r\ntwo\r\n"
#define THREE "Content-Type: message/rfc822\r\n\r\nSubject: in\r\n\r\nthree"

static void
test_drop(void)
{
	Case c;

	begin(&c, TEXT(TREE));
	drop(&c, 1);
	end_as(&c, HEAD TWO "\r\n--a\r\n" THREE "\r\n--a--\r\nafter\r\n");
	begin(&c, TEXT(TREE));
	drop(&c, 2);
	end_as(&c, HEAD ONE "\r\n--a \t\r\n" THREE "\r\n--a--\r\nafter\r\n");
	begin(&c, TEXT(TREE));
	drop(&c, 3);
	end_as(&c, HEAD ONE "\r\n--a \t\r\n" TWO "\r\n--a--\r\nafter\r\n");
	begin(&c, TEXT(TREE));
	drop(&c, 3);
	drop(&c, 2);
	end_as(&c, HEAD ONE "\r\n--a--\r\nafter\r\n");
	begin(&c, TEXT(TREE));
	drop(&c, 1);
	drop(&c, 3);
	end_as(&c, HEAD TWO "\r\n--a--\r\nafter\r\n");
	/* the last of a multipart that nothing closes */
	begin(&c, TEXT("Content-Type: multipart/mixed; boundary=a\r\n\r\n"
		       "--a\r\n\r\none\r\n--a\r\n\r\ntwo"));
	drop(&c, 2);
	end_as(&c, "Content-Type: multipart/mixed; boundary=a\r\n\r\n"
		   "--a\r\n\r\none");
}

static void
test_put(void)
{
	Case c;

	begin(&c, TEXT(TREE));
	insert(&c, 0, 0, "N: 0\r\n\r\nzero");
	insert(&c, 0, 2, "N: 2\r\n\r\nmid\r\n");
	insert(&c, 0, 3, "N: 3\r\n\r\nlast");
	end_as(&c, HEAD "N: 0\r\n\r\nzero\r\n--a\r\n" ONE "\r\n--a \t\r\n" TWO
			"\r\n--a\r\nN: 2\r\n\r\nmid\r\n\r\n--a\r\n" THREE
			"\r\n--a\r\nN: 3\r\n\r\nlast\r\n--a--\r\nafter\r\n");
	begin(&c, TEXT(TREE));
	replace(&c, 1, TRUE, "another");
	replace(&c, 2, FALSE, "Y: z\r\n\r\nwhole");
	replace(&c, 4, TRUE, "");
	end_as(&c, HEAD "\r\nanother\r\n--a \t\r\nY: z\r\n\r\nwhole\r\n--a\r\n"
			"Content-Type: message/rfc822\r\n\r\nSubject: in\r\n"
			"\r\n\r\n--a--\r\nafter\r\n");
	begin(&c, TEXT("A: b"));
	replace(&c, 0, TRUE, "x");
	end_as(&c, "A: b\r\n\r\nx");
	begin(&c, TEXT("A: b\n\nx\ny\n"));
	replace(&c, 0, TRUE, "one\r\ntwo\r\r\nthree\r");
	end_as(&c, "A: b\n\none\ntwo\r\nthree\r");
	/* one goes, another comes in its place */
	begin(&c, TEXT(TREE));
	drop(&c, 3);
	drop(&c, 1);
	insert(&c, 0, 0, "\r\nzero");
	insert(&c, 0, 3, "\r\nlast");
	end_as(&c, HEAD "\r\nzero\r\n--a\r\n" TWO "\r\n--a\r\n\r\nlast\r\n"
			"--a--\r\nafter\r\n");
}

static void
enclose(Case *c, guint32 part, const char *subtype, const char *first,
	const char *fields)
{
	g_autoptr(PliSource) source =
		pli_step_source_new(pli_slice_from_string(first), 3);
	const PliEditEnclosure how = {
		.fields = pli_slice_from_string(fields),
		.subtype = subtype,
		.first = first != NULL ? source : NULL,
		.seed = PLI_SLICE_LITERAL("seed"),
	};
	g_autoptr(GError) error = NULL;

	pli_edit_enclose(c->edit, part, &how, &error);
	g_assert_no_error(error);
}

/* The tree of the result, and its parts' octets. */
static void
end_as_tree(Case *c, const char *expected)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GByteArray) out = NULL;
	g_autoptr(PliStructure) structure = NULL;
	g_autoptr(GString) tree = g_string_new(NULL);
	guint32 n;

	pli_edit_settle(c->edit, &error);
	g_assert_no_error(error);
	out = pli_edit_run(c->edit);
	structure = pli_parser_parse(pli_slice_new(out->data, out->len),
				     PLI_LINE_AS_IS, NULL);
	n = pli_structure_get_n_parts(structure);
	for (guint32 i = 0; i < n; i++) {
		PliSlice type, subtype;
		PliPart part;

		pli_structure_get_part(structure, i, &part);
		pli_structure_get_type(structure, &part, &type, &subtype);
		g_string_append_printf(tree, "%u%.*s", part.depth,
				       (int)subtype.len, subtype.data);
		if (part.kind == PLI_PART_LEAF)
			g_string_append_printf(tree, "=%.*s",
					       (int)part.body.length,
					       out->data + part.body.offset);
		g_string_append_c(tree, ' ');
	}
	g_assert_cmpstr(tree->str, ==, expected);
	for (guint32 i = 0; i < pli_structure_get_n_defects(structure); i++) {
		PliDefect defect;

		pli_structure_get_defect(structure, i, &defect);
		g_test_message("%s in part %u",
			       pli_defect_get_info(defect.id)->name,
			       defect.part);
	}
	g_assert_cmpuint(pli_structure_get_n_defects(structure), ==, 0);
	end(c);
}

static void
test_enclose(void)
{
	Case c;

	begin(&c, TEXT("Subject: x\r\n\r\nbody"));
	enclose(&c, 0, NULL, NULL, "Subject: y\r\n");
	end_as(&c, "Subject: y\r\nMIME-Version: 1.0\r\n"
		   "Content-Type: message/rfc822\r\n\r\n"
		   "Subject: x\r\n\r\nbody");
	begin(&c, TEXT("Subject: x\r\n\r\nbody"));
	enclose(&c, 0, "mixed", "\r\nlook", "Subject: y\r\n");
	end_as_tree(&c, "0mixed 1plain=look 1rfc822 2plain=body ");
	begin(&c, TEXT("Subject: x\r\n\r\nbody"));
	enclose(&c, 0, "mixed", NULL, NULL);
	enclose(&c, 0, "mixed", NULL, NULL);
	end_as_tree(&c, "0mixed 1rfc822 2mixed 3rfc822 4plain=body ");
	begin(&c, TEXT("MIME-Version: 1.0\r\n"
		       "Content-Type: multipart/mixed; boundary=a\r\n\r\n"
		       "--a\r\n\r\none\r\n--a\r\n\r\ntwo\r\n--a--\r\n"));
	enclose(&c, 1, "alternative", "\r\nfirst", NULL);
	enclose(&c, 2, NULL, NULL, NULL);
	add(&c, 1, PLI_EDIT_FIRST, "X: y\r\n");
	end_as_tree(&c, "0mixed 1alternative 2plain=first 2plain=one "
			"1rfc822 2plain=two ");
	/* in front, inside and behind, all at one place */
	begin(&c, TEXT("MIME-Version: 1.0\r\n"
		       "Content-Type: multipart/mixed; boundary=a\r\n\r\n"
		       "--a\r\n\r\none\r\n--a\r\n\r\ntwo\r\n--a--\r\n"));
	enclose(&c, 2, "mixed", NULL, NULL);
	insert(&c, 0, 1, "\r\nin front");
	insert(&c, 0, 2, "\r\nbehind");
	end_as_tree(&c, "0mixed 1plain=one 1plain=in front 1mixed 2plain=two "
			"1plain=behind ");
}

#define SEALED(subtype)                                                 \
	"MIME-Version: 1.0\r\n"                                         \
	"Content-Type: multipart/mixed; boundary=a\r\n\r\n"             \
	"--a\r\n\r\nfree\r\n--a\r\n"                                    \
	"Content-Type: multipart/" subtype "; boundary=b\r\n\r\n"       \
	"--b\r\nX: y\r\n\r\nin\r\n"                                     \
	"--b\r\nContent-Type: application/pgp-signature\r\n\r\nsig\r\n" \
	"--b--\r\n--a--\r\n"

static void
test_sealed(void)
{
	g_autoptr(PliSource) source =
		pli_step_source_new(PLI_SLICE_LITERAL("\r\nx"), 9);
	g_autoptr(GError) error = NULL;
	guint32 field;
	Case c;

	begin(&c, TEXT(SEALED("signed")));
	g_assert_false(pli_edit_drop_part(c.edit, 3, &error));
	check_error(&error, PLI_EDIT_ERROR_SIGNED,
		    "part 2.1 lies inside the multipart/signed 2, and");
	g_assert_false(pli_edit_insert_part(c.edit, 2, 0, source, &error));
	check_error(&error, PLI_EDIT_ERROR_SIGNED,
		    "part 2 is a multipart/signed, and");
	g_assert_false(pli_edit_replace_body(c.edit, 4, source, &error));
	check_error(&error, PLI_EDIT_ERROR_SIGNED, "part 2.2 lies");
	g_assert_false(pli_edit_add_fields(c.edit, 3, PLI_EDIT_LAST,
					   PLI_SLICE_LITERAL("A: b\r\n"),
					   &error));
	check_error(&error, PLI_EDIT_ERROR_SIGNED, "part 2.1 lies");
	/* what says that it is signed is part of it */
	g_assert_true(pli_edit_find_field(c.edit, 2, "Content-Type", 1, &field,
					  &error));
	g_assert_false(pli_edit_remove_field(c.edit, field, &error));
	check_error(&error, PLI_EDIT_ERROR_SIGNED, "part 2 is a multipart");
	/* around it, and as a whole, all may change */
	add(&c, 2, PLI_EDIT_LAST, "A: b\r\n");
	add(&c, 0, PLI_EDIT_FIRST, "A: b\r\n");
	drop(&c, 1);
	enclose(&c, 2, "mixed", NULL, NULL);
	g_assert_true(pli_edit_settle(c.edit, &error));
	end(&c);
	begin(&c, TEXT(SEALED("encrypted")));
	g_assert_false(pli_edit_drop_part(c.edit, 3, &error));
	check_error(&error, PLI_EDIT_ERROR_ENCRYPTED, "part 2.1 lies");
	end(&c);
	begin_flagged(&c, TEXT(SEALED("signed")), PLI_EDIT_FORCE);
	drop(&c, 3);
	end_as(&c, "MIME-Version: 1.0\r\n"
		   "Content-Type: multipart/mixed; boundary=a\r\n\r\n"
		   "--a\r\n\r\nfree\r\n--a\r\n"
		   "Content-Type: multipart/signed; boundary=b\r\n\r\n--b\r\n"
		   "Content-Type: application/pgp-signature\r\n\r\nsig\r\n"
		   "--b--\r\n--a--\r\n");
}

static void
check_conflict(Case *c, PliEditError code, const char *start)
{
	g_autoptr(GError) error = NULL;

	g_assert_false(pli_edit_settle(c->edit, &error));
	check_error(&error, code, start);
	end(c);
}

static void
test_conflicts(void)
{
	Case c;

	begin(&c, TEXT(TREE));
	replace_field(&c, 0, "subject", 1, NULL);
	replace_field(&c, 0, "subject", 1, "A: b\r\n");
	check_conflict(&c, PLI_EDIT_ERROR_CONFLICT, "the message is changed");
	begin(&c, TEXT(TREE));
	drop(&c, 2);
	add(&c, 2, PLI_EDIT_FIRST, "A: b\r\n");
	check_conflict(&c, PLI_EDIT_ERROR_CONFLICT, "part 2 is changed twice");
	begin(&c, TEXT(TREE));
	replace(&c, 3, TRUE, "x");
	replace_field(&c, 4, "subject", 1, NULL);
	check_conflict(&c, PLI_EDIT_ERROR_CONFLICT, "the message in part 3 ");
	begin(&c, TEXT(TREE));
	drop(&c, 1);
	drop(&c, 1);
	check_conflict(&c, PLI_EDIT_ERROR_CONFLICT, "part 1 is changed twice");
	begin(&c, TEXT(TREE));
	replace(&c, 0, TRUE, "x");
	drop(&c, 1);
	check_conflict(&c, PLI_EDIT_ERROR_CONFLICT, "part 1 is changed twice");
	begin(&c, TEXT(TREE));
	drop(&c, 3);
	insert(&c, 0, 2, "\r\nx");
	check_conflict(&c, PLI_EDIT_ERROR_CONFLICT, "the message is changed");
	begin(&c, TEXT(TREE));
	drop(&c, 1);
	drop(&c, 2);
	drop(&c, 3);
	check_conflict(&c, PLI_EDIT_ERROR_LAST, "the message would have no");
}

static void
test_refused(void)
{
	static const char *const bad[] = {
		"",	     "A: b",	     "A: b\n",	      "A b\r\n",
		" A: b\r\n", "A: b\r\n\r\n", "A: b\r\nx\r\n", "A: b\r\n\r\nc",
	};
	g_autoptr(PliSource) nested = pli_step_source_new(
		PLI_SLICE_LITERAL("\r\nx\r\n--a\r\n"), 2);
	g_autoptr(PliSource) start =
		pli_step_source_new(PLI_SLICE_LITERAL("--ax"), 2);
	g_autoptr(GError) error = NULL;
	guint32 field;
	Case c;

	begin(&c, TEXT(TREE));
	for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
		g_assert_false(pli_edit_add_fields(
			c.edit, 0, PLI_EDIT_LAST, pli_slice_from_string(bad[i]),
			&error));
		check_error(&error, PLI_EDIT_ERROR_FIELD, "the message would");
	}
	g_assert_false(
		pli_edit_find_field(c.edit, 0, "Subject", 2, &field, &error));
	check_error(&error, PLI_EDIT_ERROR_FIELD,
		    "the message has no field Subject number 2");
	g_assert_false(pli_edit_insert_part(c.edit, 0, 0, nested, &error));
	check_error(&error, PLI_EDIT_ERROR_BOUNDARY, "what is put in has");
	g_assert_false(pli_edit_replace_body(c.edit, 4, start, &error));
	check_error(&error, PLI_EDIT_ERROR_BOUNDARY, "what is put in has");
	g_assert_false(pli_edit_insert_part(c.edit, 2, 0, start, &error));
	check_error(&error, PLI_EDIT_ERROR_PART, "part 2 is no multipart");
	g_assert_false(pli_edit_drop_part(c.edit, 4, &error));
	check_error(&error, PLI_EDIT_ERROR_PART, "the message in part 3 ");
	g_assert_false(pli_edit_drop_part(c.edit, 0, &error));
	check_error(&error, PLI_EDIT_ERROR_PART, "the message cannot");
	g_assert_false(pli_edit_drop_part(c.edit, 9, &error));
	check_error(&error, PLI_EDIT_ERROR_PART, "there is no part");
	g_assert_true(pli_edit_settle(c.edit, &error));
	g_assert_cmpuint(pli_edit_get_length(c.edit), ==, sizeof TREE - 1);
	end(&c);
	begin(&c, TEXT(" continued\r\nA: b\r\n\r\n"));
	g_assert_false(pli_edit_add_fields(c.edit, 0, PLI_EDIT_FIRST,
					   PLI_SLICE_LITERAL("A: b\r\n"),
					   &error));
	check_error(&error, PLI_EDIT_ERROR_FIELD, "the message starts with");
	end(&c);
	begin(&c, TEXT("Content-Type: message/rfc822\r\n"
		       "Content-Transfer-Encoding: base64\r\n\r\n"
		       "U3ViamVjdDogeA0KDQp5DQo=\r\n"));
	g_assert_false(pli_edit_drop_part(c.edit, 1, &error));
	check_error(&error, PLI_EDIT_ERROR_ENCODED,
		    "the message in part 1 lies");
	end(&c);
}

static void
test_incomplete(void)
{
	g_autoptr(PliParser) parser = pli_parser_new(PLI_LINE_AS_IS, NULL);
	g_autoptr(PliStructure) structure = NULL;
	g_autoptr(PliSource) source =
		pli_step_source_new(PLI_SLICE_LITERAL("A: b\r\n"), 9);
	g_autoptr(GError) error = NULL;

	pli_parser_scan(parser, PLI_SLICE_LITERAL("A: b\r\n"));
	pli_parser_end_scan(parser, PLI_FINISH_ABORTED);
	structure = pli_parser_steal_structure(parser);
	g_assert_null(pli_edit_new(structure, source, 0, &error));
	check_error(&error, PLI_EDIT_ERROR_INCOMPLETE, "the message is cut");
}

/* Octets that are not there when they are to go out fail, at once. */
static void
test_short_source(void)
{
	g_autoptr(PliStructure) structure =
		pli_parser_parse(PLI_SLICE_LITERAL(TREE), PLI_LINE_AS_IS, NULL);
	PliSlice text = PLI_SLICE_LITERAL(TREE);
	g_autoptr(PliSource) source = NULL;
	g_autoptr(PliEdit) edit = NULL;
	g_autoptr(GError) error = NULL;
	PliSlice octets = {NULL, 1};
	gsize n = 0;

	text.len -= 4;
	source = pli_step_source_new(text, 100);
	edit = pli_edit_new(structure, source, 0, &error);
	g_assert_true(pli_edit_settle(edit, &error));
	while (octets.len > 0 &&
	       pli_edit_next(edit, &octets, &error) == PLI_STEP_READY)
		n += octets.len;
	g_assert_error(error, G_FILE_ERROR, G_FILE_ERROR_IO);
	g_assert_cmpuint(n, ==, text.len);
}

static void
test_changes(void)
{
	const PliEditChange *change;
	g_autoptr(GError) error = NULL;
	g_autoptr(GByteArray) out = NULL;
	Case c;

	begin(&c, TEXT(TREE));
	replace_field(&c, 0, "SUBJECT", 1, "Subject: other\r\n");
	insert(&c, 0, 1, "\r\nnew");
	drop(&c, 3);
	g_assert_true(pli_edit_settle(c.edit, &error));
	out = pli_edit_run(c.edit);
	g_assert_cmpuint(pli_edit_get_n_changes(c.edit), ==, 3);
	change = pli_edit_get_change(c.edit, 0);
	g_assert_cmpint(change->action, ==, PLI_EDIT_REPLACED);
	g_assert_cmpint(change->thing, ==, PLI_EDIT_FIELD);
	g_assert_cmpstr(change->name, ==, "Subject");
	g_assert_cmpuint(change->old_span.length, ==, 12);
	g_assert_cmpmem(out->data + change->new_span.offset,
			change->new_span.length, "Subject: other\r\n", 16);
	change = pli_edit_get_change(c.edit, 1);
	g_assert_cmpint(change->action, ==, PLI_EDIT_ADDED);
	g_assert_cmpuint(change->place, ==, 1);
	g_assert_cmpmem(out->data + change->new_span.offset,
			change->new_span.length, "\r\nnew\r\n--a\r\n", 12);
	change = pli_edit_get_change(c.edit, 2);
	g_assert_cmpint(change->action, ==, PLI_EDIT_REMOVED);
	g_assert_cmpuint(change->part, ==, 3);
	end(&c);
}

static void
edit_files(GPtrArray *paths, guint each, guint n_edits)
{
	PliEditRunTotals t = {0};

	for (guint i = 0; i < paths->len; i += each) {
		g_autofree char *octets = NULL;
		gsize n;

		g_assert_true(g_file_get_contents(paths->pdata[i], &octets, &n,
						  NULL));
		for (guint k = 0; k < n_edits; k++)
			pli_edit_run_random(pli_slice_new(octets, n),
					    k % 2 ? PLI_LINE_AS_IS
						  : PLI_LINE_LF_FILE,
					    i * 7919 + k, &t);
	}
	g_test_message("%" G_GUINT64_FORMAT " edits, %" G_GUINT64_FORMAT
		       " changes made, %" G_GUINT64_FORMAT
		       " refused, %" G_GUINT64_FORMAT " conflicts",
		       t.n_edits, t.n_made, t.n_refused, t.n_conflicts);
	g_test_message("derived: %.1f%% of %" G_GUINT64_FORMAT
		       " octets read, %" G_GUINT64_FORMAT " results read whole",
		       100.0 * (double)t.scanned / (double)MAX(t.octets, 1),
		       t.octets, t.n_whole);
	g_assert_cmpuint(t.n_made, >, t.n_edits / 2);
	g_assert_cmpuint(t.scanned, <, t.octets);
}

static void
test_fixtures(void)
{
	g_autoptr(GPtrArray) paths = pli_corpus_list_fixtures();

	edit_files(paths, 1, 10);
}

/* Without a change every message comes out as it went in. */
static void
test_no_change(void)
{
	g_autoptr(GPtrArray) paths = pli_corpus_list("");

	for (guint i = 0; paths != NULL && i < paths->len; i++) {
		g_autofree char *octets = NULL;
		g_autoptr(GByteArray) out = NULL;
		gsize n;
		Case c;

		g_assert_true(g_file_get_contents(paths->pdata[i], &octets, &n,
						  NULL));
		c.structure = pli_parser_parse(pli_slice_new(octets, n),
					       PLI_LINE_LF_FILE, NULL);
		c.source = pli_step_source_new(pli_slice_new(octets, n),
						   G_MAXUINT16);
		c.edit = pli_edit_new(c.structure, c.source, 0, NULL);
		g_assert_true(pli_edit_settle(c.edit, NULL));
		out = pli_edit_run(c.edit);
		g_assert_cmpmem(octets, n, out->data, out->len);
		end(&c);
	}
}

static void
test_corpus(void)
{
	g_autoptr(GPtrArray) paths = pli_corpus_list("");
	gboolean is_long = g_getenv("PLI_TEST_LONG") != NULL;

	if (paths != NULL)
		edit_files(paths, is_long ? 1 : 5, is_long ? 5 : 1);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/engine/edit/fields", test_fields);
	g_test_add_func("/engine/edit/drop", test_drop);
	g_test_add_func("/engine/edit/put", test_put);
	g_test_add_func("/engine/edit/enclose", test_enclose);
	g_test_add_func("/engine/edit/sealed", test_sealed);
	g_test_add_func("/engine/edit/conflicts", test_conflicts);
	g_test_add_func("/engine/edit/refused", test_refused);
	g_test_add_func("/engine/edit/incomplete", test_incomplete);
	g_test_add_func("/engine/edit/short-source", test_short_source);
	g_test_add_func("/engine/edit/changes", test_changes);
	g_test_add_func("/engine/edit/no-change", test_no_change);
	g_test_add_func("/engine/edit/fixtures", test_fixtures);
	g_test_add_func("/engine/edit/corpus", test_corpus);
	return g_test_run();
}
