/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The charsets that mail is read in, and the labels it uses for them.
 *
 * A closed list: a label outside it is unknown, whatever iconv would open, so
 * that hostile mail reaches no converter but these. Where a label and its
 * usual superset differ only in octets that the label leaves undefined, the
 * superset is read, as mail programs and the WHATWG encoding standard do. All
 * that glibc's iconv has is on it but the EBCDIC charsets that shift to
 * pairs (IBM930 and the like), which have no use in mail.
 */
#ifndef PLI_ENGINE_CHARSET_LABEL_PRIV_H
#define PLI_ENGINE_CHARSET_LABEL_PRIV_H

#include "engine/charset-more-priv.h"
#include "engine/slice.h"

typedef enum {
	PLI_CHARSET_US_ASCII,
	PLI_CHARSET_UTF_8,
	PLI_CHARSET_ISO_8859_1,
	PLI_CHARSET_ISO_8859_2,
	PLI_CHARSET_ISO_8859_3,
	PLI_CHARSET_ISO_8859_4,
	PLI_CHARSET_ISO_8859_5,
	PLI_CHARSET_ISO_8859_6,
	PLI_CHARSET_ISO_8859_7,
	PLI_CHARSET_ISO_8859_8,
	PLI_CHARSET_ISO_8859_9,
	PLI_CHARSET_ISO_8859_10,
	PLI_CHARSET_ISO_8859_11,
	PLI_CHARSET_ISO_8859_13,
	PLI_CHARSET_ISO_8859_14,
	PLI_CHARSET_ISO_8859_15,
	PLI_CHARSET_ISO_8859_16,
	PLI_CHARSET_WINDOWS_1250,
	PLI_CHARSET_WINDOWS_1251,
	PLI_CHARSET_WINDOWS_1252,
	PLI_CHARSET_WINDOWS_1253,
	PLI_CHARSET_WINDOWS_1254,
	PLI_CHARSET_WINDOWS_1255,
	PLI_CHARSET_WINDOWS_1256,
	PLI_CHARSET_WINDOWS_1257,
	PLI_CHARSET_WINDOWS_1258,
	PLI_CHARSET_WINDOWS_874,
	PLI_CHARSET_KOI8_R,
	PLI_CHARSET_KOI8_U,
	PLI_CHARSET_KOI8_T,
	PLI_CHARSET_CP437,
	PLI_CHARSET_CP737,
	PLI_CHARSET_CP775,
	PLI_CHARSET_CP850,
	PLI_CHARSET_CP852,
	PLI_CHARSET_CP855,
	PLI_CHARSET_CP857,
	PLI_CHARSET_CP858,
	PLI_CHARSET_CP860,
	PLI_CHARSET_CP861,
	PLI_CHARSET_CP862,
	PLI_CHARSET_CP863,
	PLI_CHARSET_CP864,
	PLI_CHARSET_CP865,
	PLI_CHARSET_CP866,
	PLI_CHARSET_CP869,
	PLI_CHARSET_MACINTOSH,
	PLI_CHARSET_MAC_CYRILLIC,
	PLI_CHARSET_MAC_CE,
	PLI_CHARSET_HP_ROMAN8,
	PLI_CHARSET_VISCII,
	PLI_CHARSET_TCVN,
	PLI_CHARSET_ARMSCII_8,
	PLI_CHARSET_GEORGIAN_PS,
	PLI_CHARSET_CP932,
	PLI_CHARSET_EUC_JP,
	PLI_CHARSET_ISO_2022_JP,
	PLI_CHARSET_ISO_2022_JP_2,
	PLI_CHARSET_UHC,
	PLI_CHARSET_JOHAB,
	PLI_CHARSET_ISO_2022_KR,
	PLI_CHARSET_GB18030,
	PLI_CHARSET_ISO_2022_CN,
	PLI_CHARSET_CP950,
	PLI_CHARSET_BIG5_HKSCS,
	PLI_CHARSET_EUC_TW,
	PLI_CHARSET_UTF_7,
	PLI_CHARSET_UTF_16,
	PLI_CHARSET_UTF_16BE,
	PLI_CHARSET_UTF_16LE,
	PLI_CHARSET_UTF_32,
	PLI_CHARSET_UTF_32BE,
	PLI_CHARSET_UTF_32LE,
	PLI_CHARSET_HZ,
	PLI_CHARSET_ISO_6937,
	PLI_CHARSET_ISO_6937_2,
	PLI_CHARSET_T_61,
	PLI_CHARSET_ANSI_X3_110,
	PLI_CHARSET_EUC_JISX0213,
	PLI_CHARSET_SHIFT_JISX0213,
	PLI_CHARSET_UTF_7_IMAP,
	PLI_CHARSET_ISO_2022_CN_EXT,
	PLI_CHARSET_TSCII,
	PLI_CHARSET_ISO_2022_JP_3,
#define PLI_CHARSET_MORE_ID(id, name) PLI_CHARSET_##id,
	PLI_CHARSET_MORE(PLI_CHARSET_MORE_ID)
#undef PLI_CHARSET_MORE_ID
	PLI_CHARSET_UNKNOWN, /* also how many there are */
} PliCharsetId;

typedef enum {
	PLI_CHARSET_KIND_ASCII,	 /* table: windows-1252, all a defect */
	PLI_CHARSET_KIND_ISO,	 /* table: a windows charset where it has C1 */
	PLI_CHARSET_KIND_SINGLE, /* table */
	PLI_CHARSET_KIND_UTF8,
	PLI_CHARSET_KIND_UTF16, /* by its first octets, else big-endian */
	PLI_CHARSET_KIND_UTF32, /* likewise */
	PLI_CHARSET_KIND_MULTI, /* iconv */
	PLI_CHARSET_KIND_JIS,	/* shifts, then cp932 by iconv */
	PLI_CHARSET_KIND_HZ,	/* shifts, then GB18030 by iconv */
} PliCharsetKind;

enum {
	/* Between characters ASCII stands for itself, and the converter
	 * keeps nothing back. */
	PLI_CHARSET_ASCII_RUNS = 1 << 0,
	/* Two octets over 127 make a character: one that is unassigned is
	 * replaced as a whole. */
	PLI_CHARSET_PAIRS = 1 << 1,
	/* A lead, a digit, a lead and a digit make one, too. */
	PLI_CHARSET_QUADS = 1 << 3,
	/* A leading U+FEFF is a signature. */
	PLI_CHARSET_UNICODE = 1 << 2,
	/* The converter may stop behind an octet it does not know; which one
	 * that was shows when each comes alone. */
	PLI_CHARSET_ALONE = 1 << 4,
};

typedef struct {
	const char *name;     /* iconv's */
	const char *fallback; /* where iconv has no such name, or NULL */
	PliCharsetKind kind;
	guint32 flags;
} PliCharsetInfo;

typedef struct {
	const char *key; /* lower case letters and digits only */
	PliCharsetId id;
} PliCharsetLabel;

extern const PliCharsetInfo pli_charset_infos[PLI_CHARSET_UNKNOWN];

/* Ascending by key. */
extern const PliCharsetLabel pli_charset_labels[];
extern const gsize pli_charset_n_labels;

/* Likewise, of labels that mail hardly uses; no key is in both. */
extern const PliCharsetLabel pli_charset_more_labels[];
extern const gsize pli_charset_n_more_labels;

/* UNKNOWN when no row fits. */
PliCharsetId pli_charset_label_find(PliSlice label);

#endif
