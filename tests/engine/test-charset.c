/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/charset.h"

#include "engine/charset-label-priv.h"
#include "engine/utf8.h"

/* The same text in a charset of mail and in UTF-8. */
static const struct {
	const char *label;
	gsize len;
	const char *octets;
	const char *utf8;
} samples[] = {
	{"us-ascii", 16, "a letter, folded", "a letter, folded"},
	{"utf-8", 46,
	 "Pli \346\212\230 \320\277\320\270\321\201\321\214"
	 "\320\274\320\276 \355\216\270\354\247\200 \303\251 e"
	 "\314\201 \360\237\216\211 ~ \\ +-",
	 "Pli \346\212\230 \320\277\320\270\321\201\321\214"
	 "\320\274\320\276 \355\216\270\354\247\200 \303\251 e"
	 "\314\201 \360\237\216\211 ~ \\ +-"},
	{"iso-8859-1", 27, "Caf\351 \340 Z\374rich, cr\350me br\373l\351e",
	 "Caf\303\251 \303\240 Z\303\274rich, cr\303\250me br"
	 "\303\273l\303\251e"},
	{"iso-8859-15", 11, "5 \244 \340 l'\275il",
	 "5 \342\202\254 \303\240 l'\305\223il"},
	{"windows-1252", 12, "\223pli\224 \227 5 \200\205",
	 "\342\200\234pli\342\200\235 \342\200\224 5 \342\202"
	 "\254\342\200\246"},
	{"windows-1250", 32,
	 "Dopis je zalepen\375, \236lu\235ou\350k\375 k\371"
	 "\362",
	 "Dopis je zalepen\303\275, \305\276lu\305\245ou\304"
	 "\215k\303\275 k\305\257\305\210"},
	{"windows-1251", 27,
	 "\317\350\361\374\354\356 \347\340\357\345\367\340"
	 "\362\340\355\356 \345\371\270 \342\367\345\360\340",
	 "\320\237\320\270\321\201\321\214\320\274\320\276 "
	 "\320\267\320\260\320\277\320\265\321\207\320\260\321"
	 "\202\320\260\320\275\320\276 \320\265\321\211\321"
	 "\221 \320\262\321\207\320\265\321\200\320\260"},
	{"windows-1253", 22,
	 "\307 \345\360\351\363\364\357\353\336 \363\366\361"
	 "\341\343\337\363\364\347\352\345",
	 "\316\227 \316\265\317\200\316\271\317\203\317\204"
	 "\316\277\316\273\316\256 \317\203\317\206\317\201"
	 "\316\261\316\263\316\257\317\203\317\204\316\267\316"
	 "\272\316\265"},
	{"windows-1254", 21, "Mektup m\374h\374rl\374, \375\360d\375r",
	 "Mektup m\303\274h\303\274rl\303\274, \304\261\304"
	 "\237d\304\261r"},
	{"windows-1255", 10, "\344\356\353\372\341 \347\372\345\355",
	 "\327\224\327\236\327\233\327\252\327\221 \327\227"
	 "\327\252\327\225\327\235"},
	{"windows-1256", 14,
	 "\307\341\321\323\307\341\311 \343\316\312\346\343"
	 "\311",
	 "\330\247\331\204\330\261\330\263\330\247\331\204\330"
	 "\251 \331\205\330\256\330\252\331\210\331\205\330"
	 "\251"},
	{"windows-1257", 25, "Lai\360kas u\376klijuotas \360\341ryt",
	 "Lai\305\241kas u\305\276klijuotas \305\241\304\257ry"
	 "t"},
	{"windows-1258", 15, "caf\351 \340 la cr\350me",
	 "caf\303\251 \303\240 la cr\303\250me"},
	{"iso-8859-2", 32,
	 "Dopis je zalepen\375, \276lu\273ou\350k\375 k\371"
	 "\362",
	 "Dopis je zalepen\303\275, \305\276lu\305\245ou\304"
	 "\215k\303\275 k\305\257\305\210"},
	{"iso-8859-7", 22,
	 "\307 \345\360\351\363\364\357\353\336 \363\366\361"
	 "\341\343\337\363\364\347\352\345",
	 "\316\227 \316\265\317\200\316\271\317\203\317\204"
	 "\316\277\316\273\316\256 \317\203\317\206\317\201"
	 "\316\261\316\263\316\257\317\203\317\204\316\267\316"
	 "\272\316\265"},
	{"iso-8859-9", 21, "Mektup m\374h\374rl\374, \375\360d\375r",
	 "Mektup m\303\274h\303\274rl\303\274, \304\261\304"
	 "\237d\304\261r"},
	{"koi8-r", 27,
	 "\360\311\323\330\315\317 \332\301\320\305\336\301"
	 "\324\301\316\317 \305\335\243 \327\336\305\322\301",
	 "\320\237\320\270\321\201\321\214\320\274\320\276 "
	 "\320\267\320\260\320\277\320\265\321\207\320\260\321"
	 "\202\320\260\320\275\320\276 \320\265\321\211\321"
	 "\221 \320\262\321\207\320\265\321\200\320\260"},
	{"koi8-u", 27,
	 "\360\311\323\330\315\317 \332\301\320\305\336\301"
	 "\324\301\316\317 \305\335\243 \327\336\305\322\301",
	 "\320\237\320\270\321\201\321\214\320\274\320\276 "
	 "\320\267\320\260\320\277\320\265\321\207\320\260\321"
	 "\202\320\260\320\275\320\276 \320\265\321\211\321"
	 "\221 \320\262\321\207\320\265\321\200\320\260"},
	{"iso-2022-jp", 41,
	 "\033$B<j;f$OIu$r$7$F$\"$j$^$9\033(B \033$B%F%,%_\033"
	 "(B",
	 "\346\211\213\347\264\231\343\201\257\345\260\201\343"
	 "\202\222\343\201\227\343\201\246\343\201\202\343\202"
	 "\212\343\201\276\343\201\231 \343\203\206\343\202"
	 "\254\343\203\237"},
	{"shift_jis", 29,
	 "\216\350\216\206\202\315\225\225\202\360\202\265\202"
	 "\304\202\240\202\350\202\334\202\267 \203e\203K\203~",
	 "\346\211\213\347\264\231\343\201\257\345\260\201\343"
	 "\202\222\343\201\227\343\201\246\343\201\202\343\202"
	 "\212\343\201\276\343\201\231 \343\203\206\343\202"
	 "\254\343\203\237"},
	{"euc-jp", 29,
	 "\274\352\273\346\244\317\311\365\244\362\244\267\244"
	 "\306\244\242\244\352\244\336\244\271 \245\306\245"
	 "\254\245\337",
	 "\346\211\213\347\264\231\343\201\257\345\260\201\343"
	 "\202\222\343\201\227\343\201\246\343\201\202\343\202"
	 "\212\343\201\276\343\201\231 \343\203\206\343\202"
	 "\254\343\203\237"},
	{"euc-kr", 20,
	 "\306\355\301\366\264\302 \272\300\300\316\265\307"
	 "\276\356 \300\326\264\331",
	 "\355\216\270\354\247\200\353\212\224 \353\264\211"
	 "\354\235\270\353\220\230\354\226\264 \354\236\210"
	 "\353\213\244"},
	{"iso-2022-kr", 30,
	 "\033$)C\016FmAv4B\017 \016:@@N5G>n\017 \016@V4Y\017",
	 "\355\216\270\354\247\200\353\212\224 \353\264\211"
	 "\354\235\270\353\220\230\354\226\264 \354\236\210"
	 "\353\213\244"},
	{"gb18030", 12, "\320\305\322\321\276\255\267\342\272\303\301\313",
	 "\344\277\241\345\267\262\347\273\217\345\260\201\345"
	 "\245\275\344\272\206"},
	{"gb2312", 12, "\320\305\322\321\276\255\267\342\272\303\301\313",
	 "\344\277\241\345\267\262\347\273\217\345\260\201\345"
	 "\245\275\344\272\206"},
	{"big5", 12, "\253H\244w\270g\253\312\246n\244F",
	 "\344\277\241\345\267\262\347\266\223\345\260\201\345"
	 "\245\275\344\272\206"},
	{"utf-7", 67,
	 "Pli +Ypg +BD8EOARBBEwEPAQ+ +07jJwA +AOk e+AwE +2Dzfi"
	 "Q +AH4 +AFw +--",
	 "Pli \346\212\230 \320\277\320\270\321\201\321\214"
	 "\320\274\320\276 \355\216\270\354\247\200 \303\251 e"
	 "\314\201 \360\237\216\211 ~ \\ +-"},
	{"utf-16be", 60,
	 "\000P\000l\000i\000 b\230\000 \004\077\0048\004A\004"
	 "L\004<\004>\000 \323\270\311\300\000 \000\351\000 "
	 "\000e\003\001\000 \330<\337\211\000 \000~\000 \000\\"
	 "\000 \000+\000-",
	 "Pli \346\212\230 \320\277\320\270\321\201\321\214"
	 "\320\274\320\276 \355\216\270\354\247\200 \303\251 e"
	 "\314\201 \360\237\216\211 ~ \\ +-"},
	{"tis-620", 17,
	 "\250\264\313\301\322\302\273\324\264\274\271\326\241"
	 "\341\305\351\307",
	 "\340\270\210\340\270\224\340\270\253\340\270\241\340"
	 "\270\262\340\270\242\340\270\233\340\270\264\340\270"
	 "\224\340\270\234\340\270\231\340\270\266\340\270\201"
	 "\340\271\201\340\270\245\340\271\211\340\270\247"},
};

/* In pieces of `step` octets, the first of `first`. */
static PliDefectSet
decode(PliContext *context, const char *label, PliSlice in, gsize first,
       gsize step, PliBuf *out)
{
	g_autoptr(PliCharsetDecoder) decoder =
		pli_charset_decoder_new(context, pli_slice_from_string(label));
	PliDefectSet set = {{0}};
	gsize i = 0;

	pli_buf_reset(out);
	while (i < in.len) {
		gsize n = MIN(in.len - i, i == 0 && first > 0 ? first : step);
		g_autofree guint8 *copy = g_memdup2(in.data + i, n);

		g_assert_true(pli_charset_decoder_feed(
			decoder, pli_slice_new(copy, n), out));
		i += n;
	}
	g_assert_true(pli_charset_decoder_finish(decoder, out));
	pli_charset_decoder_get_defects(decoder, &set);
	return set;
}

static void
check(PliContext *context, const char *label, const char *octets, gsize len,
      const char *want, gsize want_len, int defect)
{
	const PliSlice in = pli_slice_new(octets, len);
	g_auto(PliBuf) whole = {0}, parts = {0};
	PliDefectSet wanted = {{0}}, set;

	if (defect != 0)
		pli_defect_set_add(&wanted, defect);
	pli_buf_init(&whole, 10000);
	pli_buf_init(&parts, 10000);
	set = decode(context, label, in, 0, G_MAXSIZE, &whole);
	g_test_message("%s: %.*s, not %s", label, (int)whole.len,
		       (const char *)whole.data, want);
	g_assert_cmpmem(whole.data, whole.len, want, want_len);
	g_assert_cmphex(set.bits[1], ==, wanted.bits[1]);
	for (gsize split = 1; split <= len; split++) {
		set = decode(context, label, in, split, G_MAXSIZE, &parts);
		g_assert_cmpmem(parts.data, parts.len, want, want_len);
		g_assert_cmphex(set.bits[1], ==, wanted.bits[1]);
		set = decode(context, label, in, 0, split, &parts);
		g_assert_cmpmem(parts.data, parts.len, want, want_len);
		g_assert_cmphex(set.bits[1], ==, wanted.bits[1]);
	}
}

static void
check_string(PliContext *context, const char *label, const char *octets,
	     const char *want, int defect)
{
	check(context, label, octets, strlen(octets), want, strlen(want),
	      defect);
}

static void
test_samples(void)
{
	g_autoptr(PliContext) context = pli_context_new();

	/* Twice: the second time from the context's caches. */
	for (gsize i = 0; i < 2 * G_N_ELEMENTS(samples); i++) {
		const gsize n = i % G_N_ELEMENTS(samples);

		check(context, samples[n].label, samples[n].octets,
		      samples[n].len, samples[n].utf8, strlen(samples[n].utf8),
		      0);
	}
}

static void
test_labels(void)
{
	static const struct {
		const char *label, *name;
	} rows[] = {
		{"", "US-ASCII"},
		{"ANSI_X3.4-1968", "US-ASCII"},
		{" utf8 ", "UTF-8"},
		{"\"UTF-8\"", "UTF-8"},
		{"'utf_8'", "UTF-8"},
		{"iso8859_1", "ISO-8859-1"},
		{"ISO_8859-1:1987", "ISO-8859-1"},
		{"latin1", "ISO-8859-1"},
		{"cp-1252", "WINDOWS-1252"},
		{"x-cp1250", "WINDOWS-1250"},
		{"x-sjis", "CP932"},
		{"csISOLatin2", "ISO-8859-2"},
		{"ks_c_5601-1987", "UHC"},
		{"gb2312", "GB18030"},
		{"x-mac-roman", "MACINTOSH"},
		{"unicode-1-1-utf-7", "UTF-7"},
		{"iso-8859-8-i", "ISO-8859-8"},
		{"iso-8859-8-e", "ISO-8859-8"},
		{"_iso-2022-jp$SIO", "ISO-2022-JP"},
		{"iso-2022-jp-1", "ISO-2022-JP-2"},
		{"iso-2022-jp-3", "ISO-2022-JP-3"},
		{"x-iso-2022-cn-ext", "ISO-2022-CN-EXT"},
		{"utf-7-imap", "UTF-7-IMAP"},
		{"cesu-8", "UTF-8"},
		{"unknown-8bit", "US-ASCII"},
		{"x-unknown", "US-ASCII"},
		{"x-user-defined", "US-ASCII"},
		{"default", "US-ASCII"},
		{"ANSI_X3.110-1983", "ANSI_X3.110"},
		{"T.61", "T.61-8BIT"},
		{"IBM037", "IBM037"},
		{"csIBM037", "IBM037"},
		{"NF_Z_62-010_(1973)", "NF_Z_62-010_1973"},
		{"x-mac-icelandic", "MAC-IS"},
		{"Shift_JIS-2004", "SHIFT_JISX0213"},
		{"cp912", "ISO-8859-2"},
		{"MS-CYRL", "WINDOWS-1251"},
	};
	static const char *const unknown[] = {
		"x",
		"x-nowhere",
		"utf-8\xc3",
		"IBM930",
		"x-mac-greek",
		"utf-9",
		"UTF-8//TRANSLIT8",
		"../../etc/passwd",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	};
	g_autoptr(PliContext) context = pli_context_new();

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
		g_assert_cmpstr(
			pli_charset_find(context,
					 pli_slice_from_string(rows[i].label)),
			==, rows[i].name);
	for (gsize i = 0; i < G_N_ELEMENTS(unknown); i++)
		g_assert_null(pli_charset_find(
			context, pli_slice_from_string(unknown[i])));
}

/* iconv's names are labels, and iconv has every one of them here. */
static void
test_names(void)
{
	g_autoptr(PliContext) context = pli_context_new();

	for (gint id = 0; id < PLI_CHARSET_UNKNOWN; id++) {
		PliSlice name =
			pli_slice_from_string(pli_charset_infos[id].name);

		g_assert_cmpint(pli_charset_label_find(name), ==, id);
		g_assert_nonnull(pli_charset_find(context, name));
	}
}

/* The table is searched by halves. */
static void
test_label_table(void)
{
	const struct {
		const PliCharsetLabel *labels;
		gsize n;
	} tables[] = {
		{pli_charset_labels, pli_charset_n_labels},
		{pli_charset_more_labels, pli_charset_n_more_labels},
	};

	for (gsize t = 0; t < G_N_ELEMENTS(tables); t++)
		for (gsize i = 0; i < tables[t].n; i++) {
			const PliCharsetLabel *row = &tables[t].labels[i];

			if (i > 0)
				g_assert_cmpstr(row[-1].key, <, row->key);
			g_assert_cmpint(
				pli_charset_label_find(
					pli_slice_from_string(row->key)),
				==, row->id);
		}
}

/* Labels as mail has them; the registry's, Java's, Windows' and Apple's. */
static void
test_labels_of_mail(void)
{
	static const char labels[] =
		"ansi_x3.4-1968 iso_646.irv:1991 ascii us ibm367 cp367 "
		"iso-ir-6 iso_8859-2:1987 l2 csisolatin2 iso-ir-101 "
		"iso_8859-3:1988 iso-8859-4 iso_8859-5:1988 cyrillic "
		"iso-8859-6-i iso-8859-6-e ecma-114 asmo-708 arabic elot_928 "
		"ecma-118 greek greek8 csisolatingreek iso_8859-8:1988 hebrew "
		"visual logical latin5 l5 iso-8859-9e latin6 iso-8859-10 "
		"iso-8859-11 iso-8859-13 iso-8859-14 iso-celtic latin8 "
		"iso-8859-15 latin-9 iso_8859-16:2001 latin10 windows-1250 "
		"windows-1251 windows-1252 windows-1253 windows-1254 "
		"windows-1255 windows-1256 windows-1257 windows-1258 "
		"windows-874 cp1250 cp1251 cp1252 x-cp1251 win1251 cp874 "
		"dos-874 ibm-874 tis-620 tis620.2533 viscii csviscii tcvn "
		"x-viet-tcvn5712 koi8-r cskoi8r koi8-u koi8-ru koi koi8-t "
		"ibm437 cp437 ibm850 cp850 ibm852 ibm855 ibm857 ibm00858 "
		"ibm860 ibm861 ibm862 ibm863 ibm864 ibm865 ibm866 cp866 "
		"csibm866 ibm869 cp775 cp737 macintosh csmacintosh x-mac-roman "
		"mac x-mac-cyrillic x-mac-ukrainian x-mac-ce hp-roman8 "
		"armscii-8 georgian-ps georgian-academy pt154 rk1048 mik "
		"cp1125 dec-mcs shift_jis shift-jis x-sjis sjis ms_kanji "
		"windows-31j cp932 csshiftjis euc-jp x-euc-jp "
		"cseucpkdfmtjapanese "
		"eucjp-ms iso-2022-jp iso-2022-jp-2 cp50220 cp50221 "
		"csiso2022jp jis euc-kr ks_c_5601-1987 ks_c_5601-1989 "
		"csksc56011987 ksc5601 iso-ir-149 uhc cp949 windows-949 "
		"x-windows-949 korean iso-2022-kr johab gb2312 gb_2312-80 "
		"csgb2312 chinese euc-cn gbk x-gbk cp936 windows-936 gb18030 "
		"hz-gb-2312 iso-2022-cn iso-2022-cn-ext big5 big5-eten cn-big5 "
		"x-x-big5 cp950 csbig5 big5-hkscs big5hkscs euc-tw x-euc-tw "
		"euc-jisx0213 utf-7 unicode-1-1-utf-7 x-unicode-2-0-utf-7 "
		"utf-7-imap utf-8 utf8 x-utf-8 unicode-1-1-utf-8 cp65001 "
		"utf-16 utf-16le utf-16be utf-32 utf-32le utf-32be ucs-2 ucs-4 "
		"iso-10646-ucs-2 csunicode iso-10646-ucs-4 unicodefffe cesu-8 "
		"unknown-8bit x-user-defined default x-unknown us-ascii-7 "
		"ebcdic-us ibm1047 ibm500 iso646-de din_66003 ns_4551-1 "
		"jus_i.b1.002 "
		"iso_6937 iso_5427 inis inis-8 tscii greek-ccitt iso-ir-197";
	g_autoptr(PliContext) context = pli_context_new();
	g_auto(GStrv) each = g_strsplit(labels, " ", -1);

	for (guint i = 0; each[i] != NULL; i++) {
		g_test_message("%s", each[i]);
		g_assert_nonnull(pli_charset_find(
			context, pli_slice_from_string(each[i])));
	}
}

static void
test_utf8_faults(void)
{
	g_autoptr(PliContext) context = pli_context_new();
	const int d = PLI_DEFECT_UNDECODABLE_TEXT;

	check(context, "utf-8", "a\0b", 3, "a\0b", 3, 0);
	check_string(context, "utf-8", "a\xe9 b", "a\xef\xbf\xbd b", d);
	check_string(context, "utf-8", "\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd",
		     d);
	check_string(context, "utf-8", "\xed\xa0\x80",
		     "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd", d);
	check_string(context, "utf-8", "\xf0\x9f\x8e", "\xef\xbf\xbd", d);
	check_string(context, "utf-8", "\xf0\x9f\x8e.", "\xef\xbf\xbd.", d);
	check_string(context, "utf-8", "\xf4\x90\x80\x80",
		     "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd", d);
	check_string(context, "utf-8", "\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf",
		     0);
}

static void
test_faults(void)
{
	g_autoptr(PliContext) context = pli_context_new();
	const int d = PLI_DEFECT_UNDECODABLE_TEXT;

	check_string(context, "windows-1252", "a\x81z", "a\xef\xbf\xbdz", d);
	check_string(context, "iso-8859-7", "\xd2", "\xef\xbf\xbd", d);
	check_string(context, "euc-kr", "a\xb0", "a\xef\xbf\xbd", d);
	check_string(context, "big5", "\xa4<b>", "\xef\xbf\xbd<b>", d);
	check_string(context, "gb2312", "\xff\xd0\xc5",
		     "\xef\xbf\xbd\xe4\xbf\xa1", d);
	check_string(context, "euc-kr", "\xc9\xa1\xb0\xa1",
		     "\xef\xbf\xbd\xea\xb0\x80", d);
	check_string(context, "iso-2022-jp", "\x1b$B<j\xe9\x1b(Ba",
		     "\xe6\x89\x8b\xef\xbf\xbd"
		     "a",
		     d);
	/* glibc stops behind these, and not before */
	check_string(context, "euc-kr", "\xa2\xe8\x94\x45+",
		     "\xef\xbf\xbd\xeb\xb4\x82+", d);
	check_string(context, "iso-2022-cn-ext", "a\016\061v",
		     "a\xef\xbf\xbd\061v", d);
	check_string(context, "utf-7", "E+3J9", "E\xef\xbf\xbd", d);
	check_string(context, "utf-7-imap", "&3GQ\x1bJ",
		     "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd", d);
}

static void
test_windows_in_iso(void)
{
	g_autoptr(PliContext) context = pli_context_new();
	const int d = PLI_DEFECT_CHARSET_MISLABELLED;

	check_string(context, "iso-8859-1", "\x93pli\x94\x81\xe9",
		     "\xe2\x80\x9cpli\xe2\x80\x9d\xc2\x81\xc3\xa9", d);
	check_string(context, "iso-8859-1", "a\x81\xe9", "a\xc2\x81\xc3\xa9",
		     0);
	check_string(context, "us-ascii", "\x93\xe9", "\xe2\x80\x9c\xc3\xa9",
		     PLI_DEFECT_UNDECODABLE_TEXT);
	check_string(context, "iso-8859-2", "\x8a\xb9", "\xc5\xa0\xc5\xa1", d);
	check_string(context, "iso-8859-5", "\x93\xd0", "\xe2\x80\x9c\xd0\xb0",
		     d);
	check_string(context, "iso-8859-7", "\x80\xe1", "\xe2\x82\xac\xce\xb1",
		     d);
	check_string(context, "iso-8859-9", "\x80\xfd", "\xe2\x82\xac\xc4\xb1",
		     d);
	check_string(context, "iso-8859-11", "\x85\xa1",
		     "\xe2\x80\xa6\xe0\xb8\x81", d);
	check_string(context, "iso-8859-15", "\x97\xa4",
		     "\xe2\x80\x94\xe2\x82\xac", d);
	check_string(context, "iso-8859-9", "\x81\xfd", "\xc2\x81\xc4\xb1", 0);
}

/* cp50221, and what is left of a sequence that is none. */
static void
test_iso_2022_jp(void)
{
	g_autoptr(PliContext) context = pli_context_new();
	const int d = PLI_DEFECT_UNDECODABLE_TEXT;
	static const char kana[] = "\xef\xbd\xb1\xef\xbd\xb2"; /* U+FF71 FF72 */

	/* NEC's circled digit one and (kabu), IBM's U+9AD9 */
	check_string(context, "iso-2022-jp", "\x1b$B-!-j|b\x1b(B.",
		     "\xe2\x91\xa0\xe3\x88\xb1\xe9\xab\x99.", 0);
	check_string(context, "iso-2022-jp", "\x1b(I12\x1b(B", kana, 0);
	check_string(context, "iso-2022-jp",
		     "\x0e"
		     "12\x0f"
		     "12",
		     "\xef\xbd\xb1\xef\xbd\xb2"
		     "12",
		     0);
	check_string(context, "iso-2022-jp", "\xb1\xb2", kana, 0);
	check_string(context, "iso-2022-jp", "\x1b$(D0!\x1b(J\\~",
		     "\xef\xbf\xbd\\~", d);
	check_string(context, "iso-2022-jp-1", "\x1b$(D0!\x1b(B~",
		     "\xe4\xb8\x82~", 0);
	/* pairs that are unassigned, in both halves of a first octet */
	check_string(context, "iso-2022-jp", "\x1b$B)!*!)~~!\x1b(Ba",
		     "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"
		     "a",
		     d);
	check_string(context, "iso-2022-jp", "\x1b$(B<j\x1b(Ha",
		     "\xe6\x89\x8b"
		     "a",
		     0);
	/* a line end does not shift back, a pair does not go over it */
	check_string(context, "iso-2022-jp", "\x1b$B<j\r\n<j<\n",
		     "\xe6\x89\x8b\r\n\xe6\x89\x8b\xef\xbf\xbd\n", d);
	check_string(context, "iso-2022-jp", "a\x1b[1mb\x1b$\x1b$B<j\x1b",
		     "a\xef\xbf\xbd[1mb\xef\xbf\xbd$\xe6\x89\x8b\xef\xbf\xbd",
		     d);
	check_string(context, "iso-2022-jp-3", "\x1b$(Q0!\x1b(B",
		     "\xe4\xba\x9c", 0);
}

/* RFC 1843 */
static void
test_hz(void)
{
	g_autoptr(PliContext) context = pli_context_new();
	const int d = PLI_DEFECT_UNDECODABLE_TEXT;

	check_string(context, "hz-gb-2312", "a~~~{VPND~}b~\nc",
		     "a~\xe4\xb8\xad\xe6\x96\x87"
		     "bc",
		     0);
	/* a line end shifts back; octets over 127 pass as GB */
	check_string(context, "hz-gb-2312", "~{VP\nND\xd6\xd0",
		     "\xe4\xb8\xad\nND\xe4\xb8\xad", 0);
	check_string(context, "hz-gb-2312", "~{VP~}~x~{V",
		     "\xe4\xb8\xad\xef\xbf\xbdx\xef\xbf\xbd", d);
}

/* The label counts. */
static void
test_other_marks(void)
{
	static const struct {
		const char *label, *octets;
		gsize len;
		gboolean is_conflict;
	} rows[] = {
		{"windows-1252", "\xef\xbb\xbfpli", 6, TRUE},
		{"utf-7", "\xef\xbb\xbfpli", 6, TRUE},
		{"utf-8", "\xef\xbb\xbfpli", 6, FALSE},
		{"utf-8", "\xff\xfep\0", 4, TRUE},
		{"utf-16le", "\xff\xfep\0", 4, FALSE},
		{"utf-16", "\xff\xfep\0", 4, FALSE},
		{"utf-16", "\xfe\xff\0p", 4, FALSE},
		{"utf-16be", "\xff\xfep\0", 4, TRUE},
		{"utf-16le", "\xfe\xff\0p", 4, TRUE},
		{"utf-32", "\0\0\xfe\xff\0\0\0p", 8, FALSE},
		{"utf-16le", "\xff\xfe\0\0p\0\0\0", 8, TRUE},
		{"iso-8859-1", "\xfe", 1, FALSE},
		{"iso-8859-1", "a\xef\xbb\xbf", 4, FALSE},
	};
	g_autoptr(PliContext) context = pli_context_new();

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
		for (gsize cut = 0; cut <= rows[i].len; cut++) {
			const PliSlice all = {(const guint8 *)rows[i].octets,
					      rows[i].len};
			g_autoptr(PliCharsetDecoder) decoder =
				pli_charset_decoder_new(
					context,
					pli_slice_from_string(rows[i].label));
			g_auto(PliBuf) out = {0};
			PliDefectSet set = {{0}};

			pli_buf_init(&out, 100);
			g_assert_true(pli_charset_decoder_feed(
				decoder, pli_slice_new(all.data, cut), &out));
			g_assert_true(pli_charset_decoder_feed(
				decoder, pli_slice_skip(all, cut), &out));
			g_assert_true(
				pli_charset_decoder_finish(decoder, &out));
			pli_charset_decoder_get_defects(decoder, &set);
			g_assert_cmpint(pli_defect_set_has(
						&set, PLI_DEFECT_BOM_CONFLICT),
					==, rows[i].is_conflict);
		}
}

/* A letter and the accent after it stay two characters. */
static void
test_no_composition(void)
{
	g_autoptr(PliContext) context = pli_context_new();

	check_string(context, "windows-1258", "e\xec", "e\xcc\x81", 0);
	check_string(context, "windows-1255", "\xe9\xc4", "\xd7\x99\xd6\xb4",
		     0);
}

static void
test_unknown(void)
{
	g_autoptr(PliContext) context = pli_context_new();

	check_string(context, "x-nowhere", "a\xc3\xa9",
		     "a\xef\xbf\xbd\xef\xbf\xbd", PLI_DEFECT_UNKNOWN_CHARSET);
}

static void
test_signatures(void)
{
	g_autoptr(PliContext) context = pli_context_new();

	check_string(context, "utf-8", "\xef\xbb\xbfpli", "pli", 0);
	check_string(context, "utf-8", "\xef\xbb\xbf\xef\xbb\xbf",
		     "\xef\xbb\xbf", 0);
	check_string(context, "utf-8", "a\xef\xbb\xbf", "a\xef\xbb\xbf", 0);
	check(context, "utf-16", "\xff\xfep\0", 4, "p", 1, 0);
	check(context, "utf-16", "\xfe\xff\0p", 4, "p", 1, 0);
	check(context, "utf-16", "\0p\0l", 4, "pl", 2, 0);
	check(context, "utf-16", "p", 1, "\xef\xbf\xbd", 3,
	      PLI_DEFECT_UNDECODABLE_TEXT);
	check(context, "utf-16", "", 0, "", 0, 0);
	check(context, "utf-32", "\xff\xfe\0\0p\0\0\0", 8, "p", 1, 0);
	check(context, "utf-32", "\0\0\0p", 4, "p", 1, 0);
	check(context, "utf-16le", "p\0\x3d\xd8\x4b\xdc", 6,
	      "p\xf0\x9f\x91\x8b", 5, 0);
}

/* Cut in two anywhere, and octet by octet. */
static void
test_probe(void)
{
	static const struct {
		const char *octets;
		gboolean is_utf8;
	} rows[] = {
		{"", FALSE},
		{"ascii only, and long enough for words", FALSE},
		{"caf\303\251", TRUE},
		{"\360\237\216\211 \346\212\230 a", TRUE},
		{"caf\351 \303\251", FALSE},
		{"\303\251 caf\303", FALSE},
		{"\303\251 \355\240\200", FALSE},
		{"\360\237\216a", FALSE},
		{"\364\220\200\200", FALSE},
		{"\300\200", FALSE},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		const PliSlice all = pli_slice_from_string(rows[i].octets);
		PliUtf8Probe single = {.n_held = 0};

		for (gsize cut = 0; cut <= all.len; cut++) {
			PliUtf8Probe probe = {.n_held = 0};

			pli_utf8_probe_feed(&probe,
					    pli_slice_new(all.data, cut));
			pli_utf8_probe_feed(&probe, pli_slice_skip(all, cut));
			g_assert_cmpint(pli_utf8_probe_finish(&probe), ==,
					rows[i].is_utf8);
		}
		for (gsize n = 0; n < all.len; n++)
			pli_utf8_probe_feed(&single,
					    pli_slice_new(all.data + n, 1));
		g_assert_cmpint(pli_utf8_probe_finish(&single), ==,
				rows[i].is_utf8);
	}
}

static void
test_raw(void)
{
	g_autoptr(PliContext) context = pli_context_new();
	g_auto(PliBuf) out = {0};
	PliDefectSet set = {{0}};

	pli_buf_init(&out, 100);
	g_assert_true(pli_charset_decode_raw(
		context, PLI_SLICE_LITERAL("\xc3\xa9|"), &out, &set));
	g_assert_true(pli_charset_decode_raw(
		context, PLI_SLICE_LITERAL("\xc3\xa9\xe9"), &out, NULL));
	g_assert_cmpmem(out.data, out.len, "\xc3\xa9|\xc3\x83\xc2\xa9\xc3\xa9",
			9);
	g_assert_true(pli_defect_set_is_empty(&set));
}

/* At the ceiling the answer is FALSE and what came out is whole text. */
static void
test_ceiling(void)
{
	static const char *const labels[] = {"utf-8", "iso-8859-1", "shift_jis",
					     "x-nowhere"};
	g_autoptr(PliContext) context = pli_context_new();

	for (gsize i = 0; i < G_N_ELEMENTS(labels); i++) {
		g_auto(PliBuf) out = {0};
		g_autofree char *many = g_strnfill(10000, 'a');

		pli_buf_init(&out, 9999);
		g_assert_false(pli_charset_decode(
			context, pli_slice_from_string(labels[i]),
			pli_slice_from_string(many), &out, NULL));
		g_assert_cmpuint(out.len, <=, 9999);
		out.ceiling = out.len + 10000;
		g_assert_true(pli_charset_decode(
			context, pli_slice_from_string(labels[i]),
			pli_slice_from_string(many), &out, NULL));
	}
}

/* More descriptors in use and at rest than a context keeps. */
static void
test_many_at_once(void)
{
	g_autoptr(PliContext) context = pli_context_new();
	g_autoptr(GPtrArray) decoders = g_ptr_array_new_with_free_func(
		(GDestroyNotify)pli_charset_decoder_free);
	g_auto(PliBuf) out = {0};

	pli_buf_init(&out, 10000);
	for (gsize i = 0; i < 3 * G_N_ELEMENTS(samples); i++)
		g_ptr_array_add(
			decoders,
			pli_charset_decoder_new(
				context,
				pli_slice_from_string(
					samples[i % G_N_ELEMENTS(samples)]
						.label)));
	for (guint i = 0; i < decoders->len; i++) {
		const gsize n = i % G_N_ELEMENTS(samples);

		pli_buf_reset(&out);
		g_assert_true(pli_charset_decoder_feed(
			decoders->pdata[i],
			pli_slice_new(samples[n].octets, samples[n].len),
			&out));
		g_assert_true(
			pli_charset_decoder_finish(decoders->pdata[i], &out));
		g_assert_cmpmem(out.data, out.len, samples[n].utf8,
				strlen(samples[n].utf8));
	}
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/engine/charset/samples", test_samples);
	g_test_add_func("/engine/charset/labels", test_labels);
	g_test_add_func("/engine/charset/names", test_names);
	g_test_add_func("/engine/charset/label-table", test_label_table);
	g_test_add_func("/engine/charset/utf8-faults", test_utf8_faults);
	g_test_add_func("/engine/charset/faults", test_faults);
	g_test_add_func("/engine/charset/windows-in-iso", test_windows_in_iso);
	g_test_add_func("/engine/charset/iso-2022-jp", test_iso_2022_jp);
	g_test_add_func("/engine/charset/hz", test_hz);
	g_test_add_func("/engine/charset/other-marks", test_other_marks);
	g_test_add_func("/engine/charset/labels-of-mail", test_labels_of_mail);
	g_test_add_func("/engine/charset/no-composition", test_no_composition);
	g_test_add_func("/engine/charset/unknown", test_unknown);
	g_test_add_func("/engine/charset/signatures", test_signatures);
	g_test_add_func("/engine/charset/probe", test_probe);
	g_test_add_func("/engine/charset/raw", test_raw);
	g_test_add_func("/engine/charset/ceiling", test_ceiling);
	g_test_add_func("/engine/charset/many-at-once", test_many_at_once);
	return g_test_run();
}
