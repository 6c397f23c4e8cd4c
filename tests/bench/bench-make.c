/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bench-input.h"

#include <string.h>

#define BODIES 256
#define BODY_OCTETS 65536
#define MESSAGE_OCTETS 50000000
#define MESSAGE_PARTS 10
#define LINE_COLUMNS 76 /* RFC 2045 6.7, 6.8 */

static const char *const words[] = {
        "the",    "of",      "and",     "message", "report",  "to",
        "in",     "meeting", "invoice", "is",      "that",    "for",
        "it",     "as",      "project", "budget",  "was",     "with",
        "be",     "by",      "on",      "not",     "review",  "status",
        "please", "find",    "this",    "from",    "customer"};

/* UTF-8, each also in windows-1252, octets from 0x80 to 0x9f among them. */
static const char *const west[] = {
        "fa\303\247ade",    "na\303\257ve",  "Gr\303\266\303\237e",
        "a\303\261o",       "Z\303\274rich", "it\342\200\231s",
        "\342\202\254 100", "\305\223uvre",  "\342\200\234so\342\200\235"};
static const char *const west_1252[] = {
        "fa\347ade", "na\357ve", "Gr\366\337e", "a\361o",    "Z\374rich",
        "it\222s",   "\200 100", "\234uvre",    "\223so\224"};

/* Russian, Greek, Japanese, Chinese, Korean, an emoji. */
static const char *const world[] = {
        "\320\276\321\202\321\207\321\221\321\202",
        "\320\277\320\270\321\201\321\214\320\274\320\276",
        "\316\261\316\275\316\261\317\206\316\277\317\201\316\254",
        "\344\274\232\350\255\260",
        "\345\240\261\345\221\212\346\233\270",
        "\346\212\245\345\221\212",
        "\353\263\264\352\263\240\354\204\234",
        "\360\237\216\211"};

/* xorshift64: enough for text, and the same everywhere. */
static guint64
draw(guint64 *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

/* Lines of words; one word in `rarity` is of the second list. */
static void
add_text(GString *out, guint64 *seed, const char *const *rare, guint n_rare,
         guint rarity)
{
	gsize start = out->len;
	gsize line = out->len;

	while (out->len - start < BODY_OCTETS) {
		gboolean is_rare = draw(seed) % rarity == 0;

		g_string_append(out, is_rare ? rare[draw(seed) % n_rare]
		                             : words[draw(seed) %
		                                     G_N_ELEMENTS(words)]);
		if (out->len - line < LINE_COLUMNS - 10) {
			g_string_append_c(out, ' ');
			continue;
		}
		g_string_append(out, "\r\n");
		line = out->len;
	}
}

static void
add_western(GString *out, guint64 *seed)
{
	add_text(out, seed, west, G_N_ELEMENTS(west), 6);
}

static void
add_world(GString *out, guint64 *seed)
{
	add_text(out, seed, world, G_N_ELEMENTS(world), 1);
}

static void
add_windows_1252(GString *out, guint64 *seed)
{
	add_text(out, seed, west_1252, G_N_ELEMENTS(west_1252), 6);
}

static void
add_base64(GString *out, guint64 *seed)
{
	guint8 octets[LINE_COLUMNS / 4 * 3];

	for (guint i = 0; i < BODY_OCTETS / (LINE_COLUMNS + 2); i++) {
		g_autofree char *line = NULL;

		for (guint j = 0; j < sizeof octets; j++)
			octets[j] = (guint8)(draw(seed) >> 32);
		line = g_base64_encode(octets, sizeof octets);
		g_string_append(out, line);
		g_string_append(out, "\r\n");
	}
}

static void
add_octets(GString *out, guint64 *seed)
{
	for (guint i = 0; i < BODY_OCTETS; i++)
		g_string_append_c(out, (char)(draw(seed) >> 32));
}

/* Paragraphs of a line each, which the encoder has to break. */
static void
add_paragraphs(GString *out, guint64 *seed)
{
	gsize start = out->len;

	while (out->len - start < BODY_OCTETS) {
		guint n = 20 + draw(seed) % 100;

		while (n-- > 0) {
			const guint i = draw(seed) % G_N_ELEMENTS(words);

			g_string_append(out, words[i]);
			g_string_append_c(out, n > 0 ? ' ' : '.');
		}
		g_string_append(out, "\r\n\r\n");
	}
}

/* `percent` of what is decoded came as an escape; a quarter of the lines
 * ends softly. */
static void
add_qp(GString *out, guint64 *seed, guint percent)
{
	gsize start = out->len;

	while (out->len - start < BODY_OCTETS) {
		gsize line = out->len;
		gsize width = 40 + draw(seed) % (LINE_COLUMNS - 43);

		while (out->len - line < width) {
			guint64 r = draw(seed) >> 8;

			if (r % 100 < percent)
				g_string_append_printf(
				        out, "=%02X",
				        0x80 | (guint)(r >> 16) % 0x80);
			else if (r / 100 % 6 == 0)
				g_string_append_c(out, ' ');
			else
				g_string_append_c(out, 'a' + r / 600 % 26);
		}
		g_string_append(out, draw(seed) >> 8 & 3 ? ".\r\n" : "=\r\n");
	}
}

static void
add_qp_1(GString *out, guint64 *seed)
{
	add_qp(out, seed, 1);
}

static void
add_qp_6(GString *out, guint64 *seed)
{
	add_qp(out, seed, 6);
}

static BenchInput *
make(const char *name, BenchWork work, void (*add)(GString *, guint64 *))
{
	BenchInput *input = g_new0(BenchInput, 1);
	GString *out = g_string_sized_new(BODIES * (BODY_OCTETS + 256));
	g_autofree gsize *starts = g_new(gsize, BODIES + 1);
	guint64 seed = 0x9e3779b97f4a7c15;

	for (guint i = 0; i < BODIES; i++) {
		starts[i] = out->len;
		add(out, &seed);
	}
	starts[BODIES] = out->len;
	input->name = g_strdup(name);
	input->works = 1u << work;
	input->n_octets = out->len;
	input->octets = (unsigned char *)g_string_free(out, FALSE);
	input->n_messages = BODIES;
	input->messages = g_new(BenchMessage, BODIES);
	for (guint i = 0; i < BODIES; i++) {
		input->messages[i] = (BenchMessage){input->octets + starts[i],
		                                    starts[i + 1] - starts[i]};
		input->longest = MAX(input->longest, input->messages[i].len);
	}
	return input;
}

/* One message of 50 MB in ten parts of 8bit text. */
static BenchInput *
make_8bit_message(void)
{
	BenchInput *input = g_new0(BenchInput, 1);
	GString *out = g_string_sized_new(MESSAGE_OCTETS + (1 << 20));
	guint64 seed = 0x9e3779b97f4a7c15;

	g_string_append(out, "From: a@test.invalid\r\nMIME-Version: 1.0\r\n"
	                     "Content-Type: multipart/mixed; boundary=b\r\n"
	                     "\r\n");
	for (guint i = 0; i < MESSAGE_PARTS; i++) {
		const gsize start = out->len;

		g_string_append(out, "--b\r\nContent-Type: text/plain; "
		                     "charset=utf-8\r\n"
		                     "Content-Transfer-Encoding: 8bit\r\n"
		                     "\r\n");
		while (out->len - start < MESSAGE_OCTETS / MESSAGE_PARTS)
			add_western(out, &seed);
		g_string_append(out, "\r\n");
	}
	g_string_append(out, "--b--\r\n");
	input->name = g_strdup("8bit");
	input->works = 1u << BENCH_CONVERT_7BIT;
	input->n_octets = input->longest = out->len;
	input->octets = (unsigned char *)g_string_free(out, FALSE);
	input->n_messages = 1;
	input->messages = g_new(BenchMessage, 1);
	input->messages[0] = (BenchMessage){input->octets, input->n_octets};
	return input;
}

void
bench_input_make(uint32_t works, GPtrArray *inputs)
{
	static const struct {
		const char *name;
		BenchWork work;
		void (*add)(GString *, guint64 *);
	} made[] = {
	        {"crlf-76", BENCH_BASE64_DECODE, add_base64},
	        {"escapes-1", BENCH_QP_DECODE, add_qp_1},
	        {"escapes-6", BENCH_QP_DECODE, add_qp_6},
	        {"octets", BENCH_BASE64_ENCODE, add_octets},
	        {"western", BENCH_QP_ENCODE, add_western},
	        {"world", BENCH_QP_ENCODE, add_world},
	        {"paragraphs", BENCH_QP_ENCODE, add_paragraphs},
	        {"octets", BENCH_QP_ENCODE, add_octets},
	        {"western", BENCH_UTF8, add_western},
	        {"world", BENCH_UTF8, add_world},
	        {"western", BENCH_WINDOWS_1252, add_windows_1252},
	};

	for (guint i = 0; i < G_N_ELEMENTS(made); i++)
		if (works & 1u << made[i].work)
			g_ptr_array_add(inputs, make(made[i].name, made[i].work,
			                             made[i].add));
	if (works & 1u << BENCH_CONVERT_7BIT)
		g_ptr_array_add(inputs, make_8bit_message());
}
