/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/context.h"

#include "engine/context-priv.h"
#include "engine/utf8.h"

/* As many descriptors rest here; more are closed, the oldest first. */
#define N_RESTING 8

typedef struct {
	PliCharsetId id;
	iconv_t iconv;
	guint64 since;
} Resting;

struct PliContext {
	guint32 *tables[PLI_CHARSET_UNKNOWN + 1];
	const char *names[PLI_CHARSET_UNKNOWN];
	gboolean is_probed[PLI_CHARSET_UNKNOWN];
	Resting resting[N_RESTING];
	guint64 n_added;
	guint8 *scratch;
};

PliContext *
pli_context_new(void)
{
	PliContext *context = g_new0(PliContext, 1);

	for (guint i = 0; i < N_RESTING; i++)
		context->resting[i].iconv = PLI_CONTEXT_NO_ICONV;
	return context;
}

void
pli_context_free(PliContext *context)
{
	if (context == NULL)
		return;
	for (guint i = 0; i < N_RESTING; i++)
		if (context->resting[i].iconv != PLI_CONTEXT_NO_ICONV)
			iconv_close(context->resting[i].iconv);
	for (guint i = 0; i < G_N_ELEMENTS(context->tables); i++)
		g_free(context->tables[i]);
	g_free(context->scratch);
	g_free(context);
}

guint8 *
pli_context_get_scratch(PliContext *context)
{
	if (context->scratch == NULL)
		context->scratch = g_malloc(PLI_CONTEXT_SCRATCH);
	return context->scratch;
}

/* ---- descriptors ---- */

static iconv_t
open_iconv(PliContext *context, PliCharsetId id)
{
	const PliCharsetInfo *info = &pli_charset_infos[id];
	iconv_t iconv = iconv_open("UTF-8", info->name);
	const char *name = info->name;

	if (iconv == PLI_CONTEXT_NO_ICONV && info->fallback != NULL) {
		iconv = iconv_open("UTF-8", info->fallback);
		name = info->fallback;
	}
	context->is_probed[id] = TRUE;
	context->names[id] = iconv != PLI_CONTEXT_NO_ICONV ? name : NULL;
	return iconv;
}

iconv_t
pli_context_take_iconv(PliContext *context, PliCharsetId id)
{
	for (guint i = 0; i < N_RESTING; i++) {
		Resting *resting = &context->resting[i];
		iconv_t iconv = resting->iconv;

		if (resting->id == id && iconv != PLI_CONTEXT_NO_ICONV) {
			resting->iconv = PLI_CONTEXT_NO_ICONV;
			return iconv;
		}
	}
	return open_iconv(context, id);
}

void
pli_context_add_iconv(PliContext *context, PliCharsetId id, iconv_t iconv_given)
{
	Resting *oldest = &context->resting[0];

	if (iconv_given == PLI_CONTEXT_NO_ICONV)
		return;
	(void)iconv(iconv_given, NULL, NULL, NULL, NULL);
	for (guint i = 0; i < N_RESTING; i++) {
		Resting *resting = &context->resting[i];

		if (resting->iconv == PLI_CONTEXT_NO_ICONV) {
			oldest = resting;
			break;
		}
		if (resting->since < oldest->since)
			oldest = resting;
	}
	if (oldest->iconv != PLI_CONTEXT_NO_ICONV)
		iconv_close(oldest->iconv);
	*oldest = (Resting){id, iconv_given, context->n_added++};
}

const char *
pli_context_get_iconv_name(PliContext *context, PliCharsetId id)
{
	if (!context->is_probed[id])
		pli_context_add_iconv(context, id, open_iconv(context, id));
	return context->names[id];
}

/* ---- tables ---- */

static guint32
entry_of(const guint8 *utf8, gsize len)
{
	guint32 entry = (guint32)len << 24;

	for (gsize i = 0; i < len; i++)
		entry |= (guint32)utf8[i] << (8 * i);
	return entry;
}

static guint32
entry_of_replacement(void)
{
	return entry_of((const guint8 *)PLI_UTF8_REPLACEMENT, 3);
}

/*
 * Each octet is converted for itself, from the first state and flushed after:
 * converters that compose characters (windows-1255, windows-1258, TCVN) have
 * nothing to compose with then, so that decoding keeps to one character an
 * octet, as every other reader of these charsets does.
 */
static guint32
entry_of_octet(iconv_t converter, guint8 octet)
{
	char in = (char)octet, out[16];
	ICONV_CONST char *from = &in;
	char *to = out;
	gsize from_len = 1, to_len = sizeof out;
	PliSlice utf8;

	(void)iconv(converter, NULL, NULL, NULL, NULL);
	if (iconv(converter, &from, &from_len, &to, &to_len) == (gsize)-1 ||
	    iconv(converter, NULL, NULL, &to, &to_len) == (gsize)-1)
		return entry_of_replacement() | PLI_CONTEXT_ENTRY_UNDECODABLE;
	utf8 = pli_slice_new(out, to - out);
	if (utf8.len < 1 || utf8.len > 3 || !pli_utf8_is_valid(utf8))
		return entry_of_replacement() | PLI_CONTEXT_ENTRY_UNDECODABLE;
	return entry_of(utf8.data, utf8.len);
}

static guint32 *
make_table(PliContext *context, PliCharsetId id)
{
	guint32 *table;
	iconv_t converter = pli_context_take_iconv(context, id);

	if (converter == PLI_CONTEXT_NO_ICONV)
		return NULL;
	table = g_new(guint32, PLI_CONTEXT_TABLE_IS_ASCII + 1);
	for (guint i = 0; i < 256; i++)
		table[i] = entry_of_octet(converter, i);
	pli_context_add_iconv(context, id, converter);
	return table;
}

static guint32 *
make_ascii_table(guint32 high)
{
	guint32 *table = g_new(guint32, PLI_CONTEXT_TABLE_IS_ASCII + 1);

	for (guint i = 0; i < 256; i++)
		table[i] = i < 128 ? entry_of(&(guint8){i}, 1) : high;
	return table;
}

/* The windows charset that text under an ISO-8859 label is in when it has
 * octets from 0x80 to 0x9f: the one of the same script. */
static PliCharsetId
windows_of(PliCharsetId id)
{
	switch (id) {
	case PLI_CHARSET_ISO_8859_2:
	case PLI_CHARSET_ISO_8859_16: return PLI_CHARSET_WINDOWS_1250;
	case PLI_CHARSET_ISO_8859_5: return PLI_CHARSET_WINDOWS_1251;
	case PLI_CHARSET_ISO_8859_7: return PLI_CHARSET_WINDOWS_1253;
	case PLI_CHARSET_ISO_8859_3:
	case PLI_CHARSET_ISO_8859_9: return PLI_CHARSET_WINDOWS_1254;
	case PLI_CHARSET_ISO_8859_8: return PLI_CHARSET_WINDOWS_1255;
	case PLI_CHARSET_ISO_8859_6: return PLI_CHARSET_WINDOWS_1256;
	case PLI_CHARSET_ISO_8859_4:
	case PLI_CHARSET_ISO_8859_10:
	case PLI_CHARSET_ISO_8859_13: return PLI_CHARSET_WINDOWS_1257;
	case PLI_CHARSET_ISO_8859_11: return PLI_CHARSET_WINDOWS_874;
	default: return PLI_CHARSET_WINDOWS_1252;
	}
}

/* ISO-8859-1 as it stands in Unicode. */
static guint32 *
make_latin1_table(void)
{
	guint32 *table = make_ascii_table(0);

	for (guint i = 128; i < 256; i++) {
		const guint8 utf8[2] = {0xc0 | i >> 6, 0x80 | (i & 0x3f)};

		table[i] = entry_of(utf8, 2);
	}
	return table;
}

/*
 * An ISO-8859 charset, with its windows charset in 0x80 to 0x9f where that
 * has a character: what is labelled the first is the second more often than
 * not, and C1 controls have no use in mail (the WHATWG encoding standard does
 * the same for ISO-8859-1, -9 and -11).
 */
static guint32 *
make_iso_table(PliContext *context, PliCharsetId id)
{
	const guint32 *windows = pli_context_get_table(context, windows_of(id));
	guint32 *table = id == PLI_CHARSET_ISO_8859_1 ? make_latin1_table()
						      : make_table(context, id);

	for (guint i = 0x80; i < 0xa0 && table != NULL && windows != NULL; i++)
		if (!(windows[i] & PLI_CONTEXT_ENTRY_UNDECODABLE))
			table[i] = windows[i] | PLI_CONTEXT_ENTRY_MISLABELLED;
	return table;
}

static guint32 *
make_us_ascii_table(PliContext *context)
{
	guint32 *table = make_iso_table(context, PLI_CHARSET_ISO_8859_1);

	for (guint i = 128; i < 256; i++)
		table[i] = (table[i] & ~PLI_CONTEXT_ENTRY_MISLABELLED) |
			   PLI_CONTEXT_ENTRY_UNDECODABLE;
	return table;
}

static gboolean
has_ascii(const guint32 *table)
{
	for (guint i = 0; i < 128; i++)
		if (table[i] != entry_of(&(guint8){i}, 1))
			return FALSE;
	return TRUE;
}

const guint32 *
pli_context_get_table(PliContext *context, PliCharsetId id)
{
	guint32 **table = &context->tables[id];

	if (*table != NULL)
		return *table;
	if (id == PLI_CHARSET_UNKNOWN)
		*table = make_ascii_table(entry_of_replacement());
	else if (pli_charset_infos[id].kind == PLI_CHARSET_KIND_ASCII)
		*table = make_us_ascii_table(context);
	else if (pli_charset_infos[id].kind == PLI_CHARSET_KIND_ISO)
		*table = make_iso_table(context, id);
	else
		*table = make_table(context, id);
	if (*table != NULL)
		(*table)[PLI_CONTEXT_TABLE_IS_ASCII] = has_ascii(*table);
	return *table;
}
