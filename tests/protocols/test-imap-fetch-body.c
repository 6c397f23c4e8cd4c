/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "protocols/imap-fetch-body.h"

/* Octets in memory, a few at a read, with a WANT before each. */
typedef struct {
	PliSource base;
	PliSlice octets;
	gsize at_once;
	gboolean ready;
} SlowSource;

static PliStep
slow_read_at(PliSource *source, guint64 offset, gsize max,
             PliSlice *ret_octets, GError **error)
{
	SlowSource *slow = (SlowSource *)source;
	gsize left = slow->octets.len - MIN(offset, slow->octets.len);

	slow->ready = !slow->ready;
	if (slow->ready)
		return PLI_STEP_WANT;
	*ret_octets = pli_slice_new(slow->octets.data + offset,
	                            MIN(MIN(max, left), slow->at_once));
	return PLI_STEP_READY;
}

static guint64
slow_get_length(const PliSource *source)
{
	return ((const SlowSource *)source)->octets.len;
}

static void
slow_free(PliSource *source)
{
	g_free(source);
}

static const PliSourceClass slow_class = {
	.read_at = slow_read_at,
	.get_length = slow_get_length,
	.free = slow_free,
};

static PliSource *
slow_new(PliSlice octets, gsize at_once)
{
	SlowSource *slow = g_new0(SlowSource, 1);

	pli_source_init(&slow->base, &slow_class);
	slow->octets = octets;
	slow->at_once = at_once;
	return &slow->base;
}

/* Takes the head of the queue away, whatever it is. */
static void
drain(PliOutputQueue *queue, GString *out)
{
	PliOutput head;

	while (pli_output_get_head(queue, &head)) {
		PliSlice octets = head.octets;

		if (head.source != NULL)
			octets = pli_slice_new(
			        ((SlowSource *)head.source)->octets.data +
			                head.offset,
			        head.length);
		g_string_append_len(out, (const char *)octets.data, octets.len);
		pli_output_sent(queue, octets.len);
	}
}

static PliStep
send_all(PliImapBody *body, guint64 high_water, GString *out)
{
	PliOutputQueue queue;
	PliStep step;
	guint tries = 0;

	pli_output_init(&queue, high_water);
	do {
		step = pli_imap_body_next(body, &queue);
		drain(&queue, out);
		g_assert_cmpuint(++tries, <, 1000);
	} while (step == PLI_STEP_WANT);
	pli_output_clear(&queue);
	return step;
}

static guint64
count_bare(PliSlice s)
{
	guint64 n = 0;

	for (gsize i = 0; i < s.len; i++)
		n += s.data[i] == '\n' && (i == 0 || s.data[i - 1] != '\r');
	return n;
}

/* Every part of the piece, in order, with and without the mark. */
static void
check_parts(PliSlice octets, guint flags, const char *served, gsize len)
{
	PliImapBodyMark mark = {0};

	for (gsize origin = 0; origin <= len + 1; origin++) {
		for (gsize count = 1; count <= len + 1; count++) {
			g_autoptr(PliSource) source = slow_new(octets, 3);
			g_autoptr(GString) out = g_string_new(NULL);
			g_auto(PliImapBody) body = {0};
			gsize from = MIN(origin, len);
			gsize n = MIN(count, len - from);

			pli_imap_body_init(&body, source, flags);
			pli_imap_body_add(&body, (PliImapPiece){
			                                 0, octets.len,
			                                 count_bare(octets)});
			g_assert_cmpuint(body.total, ==, len);
			g_assert_cmpuint(pli_imap_body_start(&body, origin,
			                                     count, 7, &mark),
			                 ==, n);
			g_assert_cmpint(send_all(&body, 2, out), ==,
			                PLI_STEP_READY);
			g_assert_cmpmem(out->str, out->len, served + from, n);
			pli_imap_body_get_mark(&body, &mark);
		}
	}
}

static void
test_parts(void)
{
	PliSlice crlf = PLI_SLICE_LITERAL("ab\r\ncd\r\n");
	PliSlice lf = PLI_SLICE_LITERAL("a\n\nb\r\nc\rd\n");
	PliSlice nul = PLI_SLICE_LITERAL("a\0\nb");

	check_parts(crlf, 0, "ab\r\ncd\r\n", 8);
	check_parts(crlf, PLI_IMAP_BODY_LF, "ab\r\ncd\r\n", 8);
	check_parts(lf, 0, "a\n\nb\r\nc\rd\n", 10);
	check_parts(lf, PLI_IMAP_BODY_LF, "a\r\n\r\nb\r\nc\rd\r\n", 13);
	check_parts(nul, PLI_IMAP_BODY_NUL, "a\x80\nb", 4);
	check_parts(nul, PLI_IMAP_BODY_NUL | PLI_IMAP_BODY_LF, "a\x80\r\nb", 5);
}

static void
test_range(void)
{
	PliSlice octets = PLI_SLICE_LITERAL("0123456789");
	g_autoptr(PliSource) source = slow_new(octets, 1);
	g_auto(PliImapBody) body = {0};
	g_auto(PliOutputQueue) queue = {0};
	PliOutput head;

	pli_output_init(&queue, 100000);
	pli_imap_body_init(&body, source, PLI_IMAP_BODY_LF);
	pli_imap_body_add(&body, (PliImapPiece){2, 8, 0});
	g_assert_cmpuint(pli_imap_body_start(&body, 1, 5, 1, NULL), ==, 5);
	g_assert_cmpint(pli_imap_body_next(&body, &queue), ==, PLI_STEP_READY);
	g_assert_true(pli_output_get_head(&queue, &head));
	g_assert_true(head.source == source);
	g_assert_cmpuint(head.offset, ==, 3);
	g_assert_cmpuint(head.length, ==, 5);
}

static void
test_pieces(void)
{
	PliSlice octets = PLI_SLICE_LITERAL("A: 1\nB: 2\r\nC: 3\n\nx");
	const char *served = "A: 1\r\nC: 3\r\n\r\n";
	gsize len = strlen(served);

	for (gsize origin = 0; origin <= len; origin++) {
		g_autoptr(PliSource) source = slow_new(octets, 2);
		g_autoptr(GString) out = g_string_new(NULL);
		g_auto(PliImapBody) body = {0};

		pli_imap_body_init(&body, source, PLI_IMAP_BODY_LF);
		pli_imap_body_add(&body, (PliImapPiece){0, 5, 1});
		pli_imap_body_add(&body, (PliImapPiece){11, 5, 1});
		pli_imap_body_add_line_end(&body);
		pli_imap_body_start(&body, origin, 5, 1, NULL);
		g_assert_cmpint(send_all(&body, 1, out), ==, PLI_STEP_READY);
		g_assert_cmpmem(out->str, out->len, served + origin,
		                MIN(5, len - origin));
	}
}

/* What was promised is not made up when the source has less. */
static void
test_short_source(void)
{
	PliSlice octets = PLI_SLICE_LITERAL("a\nb\n");
	g_autoptr(PliSource) source = slow_new(octets, 100);
	g_autoptr(GString) out = g_string_new(NULL);
	g_auto(PliImapBody) body = {0};

	pli_imap_body_init(&body, source, PLI_IMAP_BODY_LF);
	pli_imap_body_add(&body, (PliImapPiece){0, 6, 2});
	pli_imap_body_start(&body, 0, G_MAXUINT64, 1, NULL);
	g_assert_cmpint(send_all(&body, 100, out), ==, PLI_STEP_FAIL);
}

/* Reading on from the mark costs what is read, not what came before. */
static void
test_mark(void)
{
	g_autofree char *lines = g_strnfill(1 << 20, '\n');
	PliSlice octets = pli_slice_new(lines, 1 << 20);
	PliImapBodyMark mark = {0};

	for (guint64 origin = 0; origin < 1 << 21; origin += 65535) {
		g_autoptr(PliSource) source = slow_new(octets, 8192);
		g_autoptr(GString) out = g_string_new(NULL);
		g_auto(PliImapBody) body = {0};

		pli_imap_body_init(&body, source, PLI_IMAP_BODY_LF);
		pli_imap_body_add(&body, (PliImapPiece){0, 1 << 20, 1 << 20});
		pli_imap_body_start(&body, origin, 65535, 1, &mark);
		g_assert_cmpuint(body.skip, <=, 1);
		g_assert_cmpint(send_all(&body, 70000, out), ==,
		                PLI_STEP_READY);
		g_assert_cmpint(out->str[0], ==, origin % 2 ? '\n' : '\r');
		pli_imap_body_get_mark(&body, &mark);
	}
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/protocols/imap-fetch-body/parts", test_parts);
	g_test_add_func("/protocols/imap-fetch-body/range", test_range);
	g_test_add_func("/protocols/imap-fetch-body/pieces", test_pieces);
	g_test_add_func("/protocols/imap-fetch-body/short-source",
	                test_short_source);
	g_test_add_func("/protocols/imap-fetch-body/mark", test_mark);
	return g_test_run();
}
