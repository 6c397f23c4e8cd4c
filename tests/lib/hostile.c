/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/lib/hostile.h"

#include "engine/slice.h"

void
pli_hostile_append(GString *out, const char *text, guint n)
{
	while (n-- > 0)
		g_string_append(out, text);
}

void
pli_hostile_append_multipart(GString *out)
{
	g_string_append(out, "MIME-Version: 1.0\r\n"
			     "Content-Type: multipart/mixed; boundary=b\r\n"
			     "\r\n");
}

const PliHostileInput *
pli_hostile_get(guint index)
{
	static const PliHostileInput *const tables[] = {
		pli_hostile_bodies,
		pli_hostile_headers,
		pli_hostile_values,
	};

	for (gsize t = 0; t < G_N_ELEMENTS(tables); t++)
		for (const PliHostileInput *i = tables[t]; i->name != NULL; i++)
			if (index-- == 0)
				return i;
	return NULL;
}

/* ---- nesting ---- */

static void
make_nested_multiparts(GString *out, guint n)
{
	for (guint i = 0; i < n; i++)
		g_string_append_printf(
			out,
			"Content-Type: multipart/mixed; boundary=b%u\r\n\r\n"
			"--b%u\r\n",
			i, i);
}

static void
make_nested_messages(GString *out, guint n)
{
	pli_hostile_append(out, "Content-Type: message/rfc822\r\n\r\n", n);
}

static void
make_nested_alike(GString *out, guint n)
{
	for (guint i = 0; i < n; i++)
		g_string_append(out, "Content-Type: multipart/mixed; "
				     "boundary=b\r\n\r\n--b\r\n");
	pli_hostile_append(out, "--b--\r\n", n);
}

/* Each part is a multipart whose boundary is nowhere. */
static void
make_absent_boundaries(GString *out, guint n)
{
	pli_hostile_append_multipart(out);
	for (guint i = 0; i < n; i++)
		g_string_append_printf(
			out,
			"--b\r\nContent-Type: multipart/mixed; "
			"boundary=absent%u\r\n\r\n",
			i);
}

/* ---- lines that look like boundaries ---- */

static void
append_levels(GString *out, guint n, const char *prefix)
{
	for (guint i = 0; i < n; i++)
		g_string_append_printf(
			out,
			"Content-Type: multipart/mixed; boundary=%s%u\r\n\r\n"
			"--%s%u\r\n",
			prefix, i, prefix, i);
	g_string_append(out, "\r\n");
}

static void
make_levels_and_lines(GString *out, guint n)
{
	append_levels(out, 1000, "level");
	for (guint i = 0; i < n; i++)
		g_string_append_printf(out, "--level%ux\r\n", i % 1000);
}

/* Boundaries of a, aa, aaa ...; lines that start with all of them. */
static void
make_prefixes(GString *out, guint n)
{
	g_autofree char *text = g_strnfill(200, 'a');

	for (guint i = 1; i < 99; i++)
		g_string_append_printf(
			out,
			"Content-Type: multipart/mixed; boundary=%.*s\r\n\r\n"
			"--%.*s\r\n",
			(int)i, text, (int)i, text);
	g_string_append(out, "\r\n");
	for (guint i = 0; i < n; i++)
		g_string_append_printf(out, "--%sx\r\n", text);
}

static guint32
hash_fnv(const char *text, gsize len)
{
	guint32 hash = 0x811c9dc5u;

	for (gsize i = 0; i < len; i++)
		hash = (hash ^ (guint8)text[i]) * 0x01000193u;
	return hash;
}

/* Boundaries of every length, each a prefix of the lines but for its last
 * octet, that a table of 64 FNV-1a buckets would put into one of them. */
static void
make_collisions(GString *out, guint n)
{
	g_autofree char *text = g_strnfill(200, 'a');

	for (guint i = 2; i < 99; i++) {
		g_autofree char *boundary = g_strndup(text, i);

		for (char c = '!'; c < '~'; c++) {
			guint32 hash;

			boundary[i - 1] = c;
			hash = hash_fnv(boundary, i);
			if (g_ascii_isalnum(c) && (hash ^ hash >> 16) % 64 == 0)
				break;
			boundary[i - 1] = 'z';
		}
		g_string_append_printf(out,
				       "Content-Type: multipart/mixed; "
				       "boundary=\"%s\"\r\n\r\n--%s\r\n",
				       boundary, boundary);
	}
	g_string_append(out, "\r\n");
	for (guint i = 0; i < n; i++)
		g_string_append_printf(out, "--%sx\r\n", text);
}

/* As above, with the length of all boundaries the same and short. */
static void
make_short_collisions(GString *out, guint n)
{
	static const char digits[] = "abcdefghijklmnopqrstuvwxyz0123456789";
	guint found = 0;

	for (guint i = 0; i < 36 * 36 * 36 && found < 98; i++) {
		const char boundary[] = {digits[i / 1296], digits[i / 36 % 36],
					 digits[i % 36], 0};
		guint32 hash = hash_fnv(boundary, 3);

		if ((hash ^ hash >> 16) % 64 != 0)
			continue;
		found++;
		g_string_append_printf(out,
				       "Content-Type: multipart/mixed; "
				       "boundary=%s\r\n\r\n--%s\r\n",
				       boundary, boundary);
	}
	g_string_append(out, "\r\n");
	pli_hostile_append(out, "--ZZZ\r\n", n);
}

static void
make_dashes(GString *out, guint n)
{
	pli_hostile_append_multipart(out);
	pli_hostile_append(out, "--\r\n-\r\n", n);
}

static void
make_blanks_after(GString *out, guint n)
{
	g_autofree char *blanks = g_strnfill(250, ' ');
	g_autofree char *line = g_strconcat("--b", blanks, "\r\n\r\n", NULL);

	pli_hostile_append_multipart(out);
	pli_hostile_append(out, line, n);
}

/* More blanks than are waited for. */
static void
make_endless_blanks(GString *out, guint n)
{
	pli_hostile_append_multipart(out);
	g_string_append(out, "--b");
	pli_hostile_append(out, " \t", n);
	g_string_append(out, "\r\n\r\ntext\r\n--b--\r\n");
}

static void
make_closes(GString *out, guint n)
{
	pli_hostile_append_multipart(out);
	g_string_append(out, "--b\r\n\r\n");
	pli_hostile_append(out, "--b--\r\n", n);
}

static void
make_boundaries_in_header(GString *out, guint n)
{
	pli_hostile_append_multipart(out);
	pli_hostile_append(out, "--b\r\nX: y\r\n", n);
}

/* ---- parts ---- */

/* 36 octets a part. */
static void
make_parts(GString *out, guint n)
{
	pli_hostile_append_multipart(out);
	pli_hostile_append(
		out, "--b\r\nContent-Type: text/plain\r\n\r\nx\r\n", n);
	g_string_append(out, "--b--\r\n");
}

static void
make_empty_parts(GString *out, guint n)
{
	pli_hostile_append_multipart(out);
	pli_hostile_append(out, "--b\r\n\r\n", n);
}

static void
make_digest(GString *out, guint n)
{
	g_string_append(out, "Content-Type: multipart/digest; boundary=b\r\n"
			     "\r\n");
	pli_hostile_append(out, "--b\r\n\r\nSubject: x\r\n\r\ny\r\n", n);
}

static void
make_languages_and_parts(GString *out, guint n)
{
	g_string_append(out, "Content-Type: multipart/mixed; boundary=b\r\n"
			     "Content-Language: ");
	pli_hostile_append(out, "a,", 16 * n);
	g_string_append(out, "a\r\n\r\n");
	pli_hostile_append(out, "--b\r\n\r\n", n);
}

/* As many items as the ceiling of their text lets pass. */
static void
make_languages_of_parts(GString *out, guint n)
{
	pli_hostile_append_multipart(out);
	for (guint i = 0; i < n; i++) {
		g_string_append(out, "--b\r\nContent-Language: ");
		pli_hostile_append(out, "a,", 1000);
		g_string_append(out, "a\r\n\r\n");
	}
}

static void
make_params_of_parts(GString *out, guint n)
{
	pli_hostile_append_multipart(out);
	for (guint i = 0; i < n; i++) {
		g_string_append(out, "--b\r\nContent-Type: text/plain");
		for (guint k = 0; k < 190; k++)
			g_string_append_printf(out, ";%c%c=\"\"", 'a' + k / 26,
					       'a' + k % 26);
		g_string_append(out, "\r\n\r\n");
	}
}

/* ---- lines and octets ---- */

static void
make_bare_cr(GString *out, guint n)
{
	pli_hostile_append_multipart(out);
	g_string_append(out, "--b\r\n\r\n");
	pli_hostile_append(out, "\r", n);
}

static void
make_empty_lines(GString *out, guint n)
{
	pli_hostile_append_multipart(out);
	pli_hostile_append(out, "\r\n\n", n);
}

static void
make_nuls(GString *out, guint n)
{
	pli_hostile_append_multipart(out);
	g_string_append(out, "--b\r\nContent-Type: text/html\r\n\r\n");
	for (guint i = 0; i < n; i++)
		g_string_append_len(out, "\0\r\n", 3);
}

static void
append_body(GString *out, const char *type, const char *encoding)
{
	g_string_append_printf(out,
			       "Content-Type: %s\r\n"
			       "Content-Transfer-Encoding: %s\r\n\r\n",
			       type, encoding);
}

static void
make_base64_junk(GString *out, guint n)
{
	append_body(out, "image/png", "base64");
	pli_hostile_append(out, "A!b\xff" "c\r", n);
}

static void
make_base64_padding(GString *out, guint n)
{
	append_body(out, "image/png", "base64");
	pli_hostile_append(out, "QQ==Q=", n);
}

static void
make_qp_equals(GString *out, guint n)
{
	append_body(out, "text/plain", "quoted-printable");
	pli_hostile_append(out, "=", n);
}

static void
make_qp_soft_breaks(GString *out, guint n)
{
	append_body(out, "text/plain", "quoted-printable");
	pli_hostile_append(out, "= \t\r\n=\n", n);
}

static void
make_qp_blanks(GString *out, guint n)
{
	append_body(out, "text/plain", "quoted-printable");
	pli_hostile_append(out, " \t", n);
	g_string_append(out, "x");
}

static void
make_uu_begins(GString *out, guint n)
{
	append_body(out, "application/octet-stream", "x-uuencode");
	pli_hostile_append(out, "begin 644 name\r\n", n);
}

static void
make_uu_no_begin(GString *out, guint n)
{
	append_body(out, "application/octet-stream", "x-uuencode");
	pli_hostile_append(out, "begin\rbegin 64\nbegin", n);
}

static void
make_uu_lines(GString *out, guint n)
{
	append_body(out, "application/octet-stream", "x-uuencode");
	g_string_append(out, "begin 644 name\r\n");
	pli_hostile_append(out, "M!\r\n#AB\r\n", n);
}

static void
make_uu_long_line(GString *out, guint n)
{
	append_body(out, "application/octet-stream", "x-uuencode");
	g_string_append(out, "begin 644 name\r\nM");
	pli_hostile_append(out, "86%A", n);
}

static void
make_xx_lines(GString *out, guint n)
{
	append_body(out, "application/octet-stream", "x-xxencode");
	g_string_append(out, "begin 644 name\r\n");
	pli_hostile_append(out, "h+\r\n0AB\r\n", n);
}

static void
make_yenc_begins(GString *out, guint n)
{
	append_body(out, "application/octet-stream", "x-yenc");
	pli_hostile_append(out, "=ybegin line=128 size=1 name=a\r\n", n);
}

static void
make_yenc_escapes(GString *out, guint n)
{
	append_body(out, "application/octet-stream", "x-yenc");
	g_string_append(out, "=ybegin line=128 size=9 name=a\r\n");
	pli_hostile_append(out, "==}=y\r\n=", n);
}

static void
make_binhex_runs(GString *out, guint n)
{
	append_body(out, "application/octet-stream", "x-binhex");
	g_string_append(out, "(This file must be converted with BinHex 4.0)"
			     "\r\n\r\n:!AJ!9%9B9(4dH(3!!!!!%iJ!!!!!NcpiN");
	pli_hostile_append(out, "2q3rj$rN", n);
}

/* A message in base64 in one in base64, and so on. */
static void
make_base64_messages(GString *out, guint n)
{
	g_autoptr(GString) inner = g_string_new("Subject: in\r\n\r\n");

	pli_hostile_append(inner, "text\r\n", n);
	for (guint i = 0; i < 8; i++) {
		g_autofree char *text =
			g_base64_encode((guint8 *)inner->str, inner->len);

		g_string_truncate(inner, 0);
		append_body(inner, "message/rfc822", "base64");
		for (gsize at = 0; text[at] != '\0';
		     at += strnlen(text + at, 76))
			g_string_append_printf(inner, "%.76s\r\n", text + at);
	}
	g_string_append_len(out, inner->str, (gssize)inner->len);
}

static void
make_base64_message_parts(GString *out, guint n)
{
	pli_hostile_append_multipart(out);
	pli_hostile_append(out,
			   "--b\r\nContent-Type: message/rfc822\r\n"
			   "Content-Transfer-Encoding: base64\r\n\r\n"
			   "U3ViamVjdDogaW4NCg0KdGV4dA0K\r\n",
			   n);
	g_string_append(out, "--b--\r\n");
}

static void
make_utf8_faults(GString *out, guint n)
{
	append_body(out, "text/plain; charset=utf-8", "8bit");
	pli_hostile_append(out, "\xe2\x82\xf0\x9f\x92\xc3", n);
}

static void
make_escapes(GString *out, guint n)
{
	append_body(out, "text/plain; charset=iso-2022-jp", "7bit");
	pli_hostile_append(out, "\033$B\033(B\033", n);
}

static void
make_utf7(GString *out, guint n)
{
	append_body(out, "text/plain; charset=utf-7", "7bit");
	pli_hostile_append(out, "+AGE-+-+A+", n);
}

static void
make_hz(GString *out, guint n)
{
	append_body(out, "text/plain; charset=hz-gb-2312", "7bit");
	pli_hostile_append(out, "~{V~~{~}~", n);
}

/* UTF-8 up to its last octet, without a charset: all is read twice at most. */
static void
make_nearly_utf8(GString *out, guint n)
{
	append_body(out, "text/plain", "8bit");
	pli_hostile_append(out, "\xc3\xa9", n);
	g_string_append_c(out, '\xc3');
}

static void
make_text_8bit(GString *out, guint n)
{
	append_body(out, "text/plain; charset=gb18030", "8bit");
	pli_hostile_append(out, "\x81\xff\x81\x30\x81", n);
}

const PliHostileInput pli_hostile_bodies[] = {
	{"nested-multiparts", make_nested_multiparts, 100000, 100000,
	 PLI_DEFECT_LIMIT_DEPTH},
	{"nested-messages", make_nested_messages, 200000, 100000,
	 PLI_DEFECT_LIMIT_DEPTH},
	{"nested-alike", make_nested_alike, 24000, 2000,
	 PLI_DEFECT_LIMIT_DEPTH},
	{"absent-boundaries", make_absent_boundaries, 2000, 2000, 0},
	{"absent-boundaries-8000", make_absent_boundaries, 8000, 8000,
	 PLI_DEFECT_LIMIT_PARTS},
	{"levels-and-lines", make_levels_and_lines, 400000, 20000,
	 PLI_DEFECT_LIMIT_DEPTH},
	{"prefixes", make_prefixes, 30000, 2000, PLI_DEFECT_LIMIT_DEFECTS},
	{"boundary-collisions", make_collisions, 30000, 500, 0},
	{"short-collisions", make_short_collisions, 50000, 5000, 0},
	{"dashes", make_dashes, 200000, 20000, 0},
	{"blanks-after", make_blanks_after, 2000, 500, 0},
	{"endless-blanks", make_endless_blanks, 500000, 5000, 0},
	{"closes", make_closes, 100000, 2000, PLI_DEFECT_LIMIT_DEFECTS},
	{"boundaries-in-header", make_boundaries_in_header, 4000, 2000,
	 PLI_DEFECT_LIMIT_DEFECTS},
	{"parts", make_parts, 50000, 100000, PLI_DEFECT_LIMIT_PARTS},
	{"parts-within", make_parts, 2000, 9000, 0},
	{"empty-parts", make_empty_parts, 2000, 12000, PLI_DEFECT_LIMIT_PARTS},
	{"digest", make_digest, 1000, 12000, PLI_DEFECT_LIMIT_PARTS},
	{"languages-and-parts", make_languages_and_parts, 3500, 3500, 0},
	{"languages-of-parts", make_languages_of_parts, 1500, 9000,
	 PLI_DEFECT_LIMIT_STRINGS},
	{"params-of-parts", make_params_of_parts, 2000, 9000, 0},
	{"bare-cr", make_bare_cr, 5000000, 300000, 0},
	{"empty-lines", make_empty_lines, 1000000, 100000, 0},
	{"nuls", make_nuls, 4000000, 100000, 0},
	{"base64-junk", make_base64_junk, 200000, 20000, 0},
	{"base64-padding", make_base64_padding, 200000, 20000, 0},
	{"qp-equals", make_qp_equals, 1000000, 100000, 0},
	{"qp-soft-breaks", make_qp_soft_breaks, 200000, 20000, 0},
	{"qp-blanks", make_qp_blanks, 500000, 50000, 0},
	{"uu-begins", make_uu_begins, 50000, 5000, 0},
	{"uu-no-begin", make_uu_no_begin, 50000, 5000, 0},
	{"uu-lines", make_uu_lines, 100000, 10000, 0},
	{"uu-long-line", make_uu_long_line, 250000, 25000, 0},
	{"xx-lines", make_xx_lines, 100000, 10000, 0},
	{"yenc-begins", make_yenc_begins, 30000, 3000, 0},
	{"yenc-escapes", make_yenc_escapes, 100000, 10000, 0},
	{"binhex-runs", make_binhex_runs, 2000, 500, 0},
	{"base64-messages", make_base64_messages, 50000, 2000, 0},
	{"base64-message-parts", make_base64_message_parts, 2000, 12000,
	 PLI_DEFECT_LIMIT_PARTS},
	{"utf8-faults", make_utf8_faults, 200000, 20000, 0},
	{"iso2022-escapes", make_escapes, 100000, 10000, 0},
	{"utf7", make_utf7, 100000, 10000, 0},
	{"hz-shifts", make_hz, 100000, 10000, 0},
	{"nearly-utf8", make_nearly_utf8, 200000, 20000, 0},
	{"gb18030-faults", make_text_8bit, 200000, 20000, 0},
	{NULL, NULL, 0, 0, 0},
};
