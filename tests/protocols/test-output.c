/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "protocols/output.h"

/* A source that only knows when it dies. */
typedef struct {
	PliSource source;
	gboolean *freed;
} TestSource;

static void
test_source_free(PliSource *source)
{
	*((TestSource *)source)->freed = TRUE;
	g_free(source);
}

static PliSource *
test_source_new(gboolean *freed)
{
	static const PliSourceClass klass = {.free = test_source_free};
	TestSource *source = g_new0(TestSource, 1);

	pli_source_init(&source->source, &klass);
	source->freed = freed;
	*freed = FALSE;
	return &source->source;
}

static void
test_order(void)
{
	static const char text[] = "static";
	g_auto(PliOutputQueue) queue = {0};
	gboolean freed;
	PliSource *source = test_source_new(&freed);
	PliOutput head;

	pli_output_init(&queue, 1000);
	g_assert_false(pli_output_get_head(&queue, &head));
	pli_output_append_string(&queue, "one ");
	pli_output_append_printf(&queue, "%d", 2);
	pli_output_append_source(&queue, source, 100, 50);
	pli_source_unref(source);
	pli_output_append_static(&queue, pli_slice_new(text, 6));
	pli_output_append_string(&queue, "end");
	pli_output_append_source(&queue, source, 7, 0);
	g_assert_cmpuint(pli_output_get_waiting(&queue), ==, 5 + 50 + 6 + 3);

	g_assert_true(pli_output_get_head(&queue, &head));
	g_assert_cmpmem(head.octets.data, head.octets.len, "one 2", 5);
	pli_output_sent(&queue, 3);
	g_assert_true(pli_output_get_head(&queue, &head));
	g_assert_cmpmem(head.octets.data, head.octets.len, " 2", 2);
	pli_output_sent(&queue, 2);

	g_assert_true(pli_output_get_head(&queue, &head));
	g_assert_true(head.source == source);
	g_assert_cmpuint(head.offset, ==, 100);
	pli_output_sent(&queue, 20);
	g_assert_true(pli_output_get_head(&queue, &head));
	g_assert_cmpuint(head.offset, ==, 120);
	g_assert_cmpuint(head.length, ==, 30);
	g_assert_false(freed);
	pli_output_sent(&queue, 30);
	g_assert_true(freed);

	g_assert_true(pli_output_get_head(&queue, &head));
	g_assert_true(head.octets.data == (const guint8 *)text);
	pli_output_sent(&queue, 6);
	g_assert_true(pli_output_get_head(&queue, &head));
	g_assert_cmpmem(head.octets.data, head.octets.len, "end", 3);
	pli_output_sent(&queue, 3);
	g_assert_false(pli_output_get_head(&queue, &head));
	g_assert_cmpuint(pli_output_get_waiting(&queue), ==, 0);
}

static void
test_high_water(void)
{
	g_auto(PliOutputQueue) queue = {0};

	pli_output_init(&queue, 10);
	pli_output_append_string(&queue, "123456789");
	g_assert_false(pli_output_is_full(&queue));
	pli_output_append_string(&queue, "0");
	g_assert_true(pli_output_is_full(&queue));
	pli_output_sent(&queue, 1);
	g_assert_false(pli_output_is_full(&queue));
}

/* What goes in comes out, whatever the sizes of appends and sends. */
static void
test_any_sizes(void)
{
	g_autoptr(GRand) rand = g_rand_new_with_seed(1);
	g_auto(PliOutputQueue) queue = {0};
	g_autoptr(GByteArray) in = g_byte_array_new();
	g_autoptr(GByteArray) out = g_byte_array_new();
	guint8 octets[3000];
	PliOutput head;

	pli_output_init(&queue, 100000);
	for (guint i = 0; i < 500; i++) {
		gsize n = (gsize)g_rand_int_range(rand, 0, sizeof(octets));

		memset(octets, (int)i, n);
		g_byte_array_append(in, octets, n);
		pli_output_append(&queue, pli_slice_new(octets, n));
		if (!pli_output_get_head(&queue, &head))
			continue;
		n = (gsize)g_rand_int_range(rand, 0, sizeof(octets));
		n = MIN(n, head.octets.len);
		g_byte_array_append(out, head.octets.data, n);
		pli_output_sent(&queue, n);
	}
	while (pli_output_get_head(&queue, &head)) {
		g_byte_array_append(out, head.octets.data, head.octets.len);
		pli_output_sent(&queue, head.octets.len);
	}
	g_assert_cmpmem(in->data, in->len, out->data, out->len);
}

static void
test_clear_unrefs(void)
{
	PliOutputQueue queue;
	gboolean freed;
	PliSource *source = test_source_new(&freed);

	pli_output_init(&queue, 10);
	pli_output_append_string(&queue, "x");
	pli_output_append_source(&queue, source, 0, 5);
	pli_source_unref(source);
	g_assert_false(freed);
	pli_output_clear(&queue);
	g_assert_true(freed);
	g_assert_cmpuint(pli_output_get_waiting(&queue), ==, 0);
	pli_output_append_string(&queue, "again");
	g_assert_cmpuint(pli_output_get_waiting(&queue), ==, 5);
	pli_output_clear(&queue);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/protocols/output/order", test_order);
	g_test_add_func("/protocols/output/high-water", test_high_water);
	g_test_add_func("/protocols/output/any-sizes", test_any_sizes);
	g_test_add_func("/protocols/output/clear-unrefs", test_clear_unrefs);
	return g_test_run();
}
