/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/lib/hostile.h"

/* ---- many fields ---- */

static void
end_header(GString *out)
{
	g_string_append(out, "\r\n\r\nbody\r\n");
}

static void
make_fields(GString *out, guint n)
{
	pli_hostile_append(out, "X: y\r\n", n);
	end_header(out);
}

static void
make_received(GString *out, guint n)
{
	pli_hostile_append(
		out,
		"Received: from a.example (b.example [192.0.2.1])\r\n"
		"\tby c.example with ESMTP id 1; 1 Jan 2026 00:00:00 +0000\r\n",
		n);
	end_header(out);
}

static void
make_malformed(GString *out, guint n)
{
	pli_hostile_append(out, "no field\r\n: none\r\n\x80\r\n", n);
	end_header(out);
}

static void
make_many_defects(GString *out, guint n)
{
	for (guint i = 0; i < n; i++)
		g_string_append(out, "X :\xff\r\n \r\nFrom x\r\n");
	end_header(out);
}

static void
make_duplicates(GString *out, guint n)
{
	pli_hostile_append(out,
			   "Content-Type: text/plain; name=a; name=b\r\n"
			   "Subject: x\r\nTo: a@b\r\n"
			   "Content-Disposition: inline; filename=c\r\n",
			   n);
	end_header(out);
}

static void
make_folds(GString *out, guint n)
{
	g_string_append(out, "Subject: x");
	pli_hostile_append(out, "\r\n y", n);
	end_header(out);
}

static void
make_blank_folds(GString *out, guint n)
{
	g_string_append(out, "To: x@y");
	pli_hostile_append(out, "\r\n \n\t", n);
	end_header(out);
}

static void
make_one_line(GString *out, guint n)
{
	g_string_append(out, "Subject: ");
	pli_hostile_append(out, "x", n);
}

static void
make_one_name(GString *out, guint n)
{
	pli_hostile_append(out, "Name", n);
}

static void
make_header_cr(GString *out, guint n)
{
	g_string_append(out, "Subject: ");
	pli_hostile_append(out, "\r", n);
	end_header(out);
}

static void
make_header_8bit(GString *out, guint n)
{
	g_string_append(out, "Subject: ");
	pli_hostile_append(out, "\xc3\xa9\xff ", n);
	end_header(out);
}

/* Each has an envelope of its own: From stands for Sender and Reply-To. */
static void
make_envelopes(GString *out, guint n)
{
	g_string_append(out, "Content-Type: multipart/mixed; boundary=b\r\n"
			     "\r\n");
	for (guint i = 0; i < n; i++)
		g_string_append(out, "--b\r\nContent-Type: message/rfc822\r\n"
				     "\r\nFrom: a@b, c@d, \"e\" <f@g>\r\n"
				     "Subject: \xc3\xa9\r\n\r\n");
}

const PliHostileInput pli_hostile_headers[] = {
	{"fields", make_fields, 100000, 100000, PLI_DEFECT_LIMIT_FIELDS},
	{"fields-within", make_fields, 9000, 18000, 0},
	{"received", make_received, 9000, 30000, PLI_DEFECT_LIMIT_FIELDS},
	{"malformed-lines", make_malformed, 3000, 30000,
	 PLI_DEFECT_LIMIT_FIELDS},
	{"many-defects", make_many_defects, 3000, 3000,
	 PLI_DEFECT_LIMIT_DEFECTS},
	{"duplicates", make_duplicates, 2000, 2000, PLI_DEFECT_LIMIT_DEFECTS},
	{"folds", make_folds, 30000, 200000, PLI_DEFECT_LIMIT_FIELD_OCTETS},
	{"blank-folds", make_blank_folds, 20000, 60000,
	 PLI_DEFECT_LIMIT_FIELD_OCTETS},
	{"one-line", make_one_line, 1000000, 1000000,
	 PLI_DEFECT_LIMIT_FIELD_OCTETS},
	{"one-name", make_one_name, 250000, 250000,
	 PLI_DEFECT_LIMIT_FIELD_OCTETS},
	{"header-cr", make_header_cr, 100000, 300000,
	 PLI_DEFECT_LIMIT_FIELD_OCTETS},
	{"header-8bit", make_header_8bit, 30000, 100000,
	 PLI_DEFECT_LIMIT_FIELD_OCTETS},
	{"envelopes", make_envelopes, 2000, 8000, PLI_DEFECT_LIMIT_PARTS},
	{NULL, NULL, 0, 0, 0},
};

/* ---- one long value ---- */

/* A start; a text n times; then perhaps another text, and one n times. */
typedef const char *const Value[4];

static void
make_value(GString *out, Value value, guint n)
{
	g_string_append(out, value[0]);
	pli_hostile_append(out, value[1], n);
	if (value[2] != NULL)
		g_string_append(out, value[2]);
	if (value[3] != NULL)
		pli_hostile_append(out, value[3], n);
	end_header(out);
}

#define VALUE(function, ...)                                                   \
	static void function(GString *out, guint n)                            \
	{                                                                      \
		static Value value = {__VA_ARGS__};                            \
									       \
		make_value(out, value, n);                                     \
	}

VALUE(make_groups, "To: ", "g:")
VALUE(make_closed_groups, "To: ", "g:;")
VALUE(make_addresses, "To: ", "a@b,")
VALUE(make_comments, "To: ", "(")
VALUE(make_closed_comments, "To: ", "(", "x", ")")
VALUE(make_half_comments, "To: a@b ", "(", ")")
VALUE(make_small_comments, "To: ", "()\\(")
VALUE(make_type_comments, "Content-Type: text/plain ", "(", "; charset=x")
VALUE(make_quotes, "To: ", "\"a\" ", "\"")
VALUE(make_open_quotes, "To: ", "\"\\\"")
VALUE(make_words, "To: ", "a b@c ", "<x@y>", "a@b c ")
VALUE(make_bare, "To: ", "a@b ")
VALUE(make_less, "To: ", "<")
VALUE(make_greater, "To: x@y", ">")
VALUE(make_ats, "To: ", "@", "<", "@,")
VALUE(make_routes, "To: <", "@a,", ":x@y>, <", "@b,")
VALUE(make_dots, "To: ", ".", "@", ".")
VALUE(make_literals, "To: x@", "[", "]", "[\\]")
VALUE(make_semicolons, "To: g: ", "a@b;", ",", ";")
VALUE(make_address_words, "To: ", "=?utf-8?q?a,b?= =?", "<x@y>", "=?a?q?")
VALUE(make_backslashes, "To: \"", "\\", "\"", "\\")

VALUE(make_one_word, "Subject: =?utf-8?q?", "=C3=A9", "?=")
VALUE(make_one_base64_word, "Subject: =?utf-8?b?", "w6nD", "?=")
VALUE(make_small_words, "Subject: ", "=?utf-8?q?a?= ")
VALUE(make_adjacent_words, "Subject: ", "=?utf-8?b?w6k=?==?utf-8?q?=C3?=")
VALUE(make_other_words, "Subject: ",
      "=?iso-2022-jp?b?GyRC?= =?big5?q?=A4?= =?koi8-r?q?=C1?= "
      "=?euc-kr?q?=B0?= =?gb18030?q?=81?= =?iso-8859-2?q?=B1?= "
      "=?utf-7?q?+AGE-?= =?shift_jis?q?=83?= =?euc-jp?q?=A4?= "
      "=?iso-2022-kr?q?a?= =?utf-16?q?=00?= =?hz-gb-2312?q?a?= ")
VALUE(make_unknown_words, "Subject: ", "=?x-none?q?=FF?= =?y-none?b?/w==?= ")
VALUE(make_open_words, "Subject: ", "=?a?q?")
VALUE(make_starts, "Subject: ", "=?")
VALUE(make_word_marks, "Subject: =?a?q?", "?", "=", "?")
VALUE(make_star_words, "Subject: ", "=?utf-8*en?q?_?=\r\n ")

VALUE(make_params, "Content-Type: text/plain", "; a=b", "; charset=x")
VALUE(make_empty_params, "Content-Type: text/plain", ";", "=", "a;=")
VALUE(make_param_blanks, "Content-Type: text/plain; name=a", " b", ";", "c ")
VALUE(make_param_quote, "Content-Type: text/plain; name=\"", "\\\"a", "\r\n x",
      "\\")
VALUE(make_param_words, "Content-Disposition: attachment; filename=\"",
      "=?utf-8?q?a?= ", "\"")
VALUE(make_percents, "Content-Disposition: attachment; filename*=utf-8'en'",
      "%C3%A9%", "; x*=", "'")
VALUE(make_duplicate_params, "Content-Disposition: attachment",
      "; filename=a; filename*=b; filename*0=c")
VALUE(make_languages, "Content-Language: ", "a,", "b", ", ")

static void
make_numbered_params(GString *out, guint n)
{
	g_string_append(out, "Content-Type: application/x-a");
	for (guint i = 0; i < n; i++)
		g_string_append_printf(out, ";\r\n a%u=b%u", i, i);
	end_header(out);
}

static void
make_segments(GString *out, guint n)
{
	g_string_append(out, "Content-Disposition: attachment");
	for (guint i = 0; i < n; i++)
		g_string_append_printf(out, ";\r\n filename*%u*=%%C3%%A9'",
				       n - 1 - i);
	end_header(out);
}

VALUE(make_date_comments, "Date: ", "(", "1 Jan 2026", ")")
VALUE(make_date_digits, "Date: ", "1", " Jan ", "2 ")
VALUE(make_date_words, "Date: ", "Mon, ", "1 Jan 2026", " :")
VALUE(make_references, "In-Reply-To: ", "<a@b> ", "<", "<")

#define CUT PLI_DEFECT_LIMIT_FIELD_OCTETS

const PliHostileInput pli_hostile_values[] = {
	{"groups", make_groups, 60000, 100000, 0},
	{"closed-groups", make_closed_groups, 40000, 40000, 0},
	{"addresses", make_addresses, 30000, 100000, CUT},
	{"addresses-within", make_addresses, 4500, 9000, 0},
	{"comments", make_comments, 100000, 100000, 0},
	{"closed-comments", make_closed_comments, 60000, 100000, 0},
	{"half-comments", make_half_comments, 100000, 100000, 0},
	{"small-comments", make_small_comments, 30000, 50000, 0},
	{"type-comments", make_type_comments, 100000, 100000, 0},
	{"quotes", make_quotes, 30000, 50000, 0},
	{"open-quotes", make_open_quotes, 40000, 80000, 0},
	{"words", make_words, 10000, 20000, 0},
	{"bare-addresses", make_bare, 30000, 60000, 0},
	{"less", make_less, 100000, 200000, 0},
	{"greater", make_greater, 100000, 200000, 0},
	{"ats", make_ats, 40000, 80000, 0},
	{"routes", make_routes, 20000, 40000, 0},
	{"dots", make_dots, 60000, 100000, 0},
	{"literals", make_literals, 30000, 60000, 0},
	{"semicolons", make_semicolons, 25000, 50000, 0},
	{"address-words", make_address_words, 5000, 10000, 0},
	{"backslashes", make_backslashes, 60000, 100000, 0},
	{"one-word", make_one_word, 20000, 170000, CUT},
	{"one-base64-word", make_one_base64_word, 30000, 260000, CUT},
	{"small-words", make_small_words, 8000, 16000, 0},
	{"adjacent-words", make_adjacent_words, 4000, 8000, 0},
	{"other-words", make_other_words, 500, 1000, 0},
	{"unknown-words", make_unknown_words, 3000, 6000, 0},
	{"open-words", make_open_words, 20000, 40000, 0},
	{"starts", make_starts, 60000, 120000, 0},
	{"word-marks", make_word_marks, 60000, 120000, 0},
	{"star-words", make_star_words, 6000, 12000, 0},
	{"params", make_params, 20000, 50000, PLI_DEFECT_LIMIT_PARAMETERS},
	{"numbered-params", make_numbered_params, 90, 12000,
	 PLI_DEFECT_LIMIT_PARAMETERS},
	{"empty-params", make_empty_params, 30000, 60000,
	 PLI_DEFECT_LIMIT_PARAMETERS},
	{"param-blanks", make_param_blanks, 30000, 60000, 0},
	{"param-quote", make_param_quote, 30000, 60000, 0},
	{"param-words", make_param_words, 8000, 16000, 0},
	{"percents", make_percents, 15000, 30000, 0},
	{"duplicate-params", make_duplicate_params, 30, 5000,
	 PLI_DEFECT_LIMIT_PARAMETERS},
	{"segments", make_segments, 90, 9000, PLI_DEFECT_LIMIT_PARAMETERS},
	{"languages", make_languages, 30000, 60000, 0},
	{"date-comments", make_date_comments, 60000, 120000, 0},
	{"date-digits", make_date_digits, 40000, 80000, 0},
	{"date-words", make_date_words, 20000, 40000, 0},
	{"references", make_references, 20000, 40000, 0},
	{NULL, NULL, 0, 0, 0},
};
