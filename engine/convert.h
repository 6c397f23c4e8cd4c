/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A message made fit for a transport or store that does not take all octets,
 * part by part (RFC 2045 6, RFC 3030 3, RFC 6152 3).
 *
 * What the target cannot carry is encoded where it lies: a leaf of text in
 * quoted-printable or base64, whichever is shorter, any other leaf in base64;
 * labels of multiparts and messages around it follow. What needs no change
 * keeps its octets, and decodes to what it decoded to before.
 *
 * Never touched, so that the message is refused when they would have to be:
 * what lies in a multipart/signed or multipart/encrypted, leaves of a type
 * that may not be encoded (RFC 2045 6.4), headers, and what stands between
 * parts. Octets over 127 there stay in a header, whatever the target: RFC 6531
 * is about those.
 *
 * Two passes: new() reads what must be looked at and decides, next() gives
 * the octets of the result. Both hold two pieces of 16 KiB, and a few octets
 * for each part. Nothing recurses. A structure at a limit of PliLimits does
 * not tell all there is: then nothing is encoded.
 */
#ifndef PLI_ENGINE_CONVERT_H
#define PLI_ENGINE_CONVERT_H

#include "engine/source.h"
#include "engine/structure.h"

PLI_BEGIN_DECLS

typedef enum {
	/* no NUL, no CR or LF but those of line ends, no label `binary`; a
	 * line may have any length where no label says binary */
	PLI_CONVERT_NO_BINARY,
	PLI_CONVERT_8BIT, /* and lines of at most 998 octets */
	PLI_CONVERT_7BIT, /* and no octets over 127 */
} PliConvertTarget;

typedef enum {
	PLI_CONVERT_ERROR_SIGNED,    /* inside a multipart/signed */
	PLI_CONVERT_ERROR_ENCRYPTED, /* inside a multipart/encrypted */
	PLI_CONVERT_ERROR_TYPE,	     /* multipart, message: not encodable */
	PLI_CONVERT_ERROR_ENCODING,  /* has an encoding that is not known */
	PLI_CONVERT_ERROR_FRAME,     /* in a header or between parts */
	PLI_CONVERT_ERROR_LIMIT,     /* more than PliLimits lets be read */
} PliConvertError;

#define PLI_CONVERT_ERROR (pli_convert_error_quark())
GQuark
pli_convert_error_quark(void);

/* A part whose label changes; its body was encoded anew if `is_encoded`. */
typedef struct {
	guint32 part;
	gboolean is_encoded;
	PliEncoding from;
	PliEncoding to;
} PliConvertChange;

typedef struct PliConvert PliConvert;

/*
 * `source` holds the message that `structure`, read with PLI_LINE_AS_IS,
 * describes; all its octets are there (it never answers WANT). Both are
 * referenced. NULL: a PLI_CONVERT_ERROR with a sentence that names the part
 * and the reason, or the error of reading.
 */
PliConvert *
pli_convert_new(const PliStructure *structure, PliSource *source,
                PliConvertTarget target, GError **error);

void
pli_convert_free(PliConvert *convert);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(PliConvert, pli_convert_free)

/* 0: the message is fit as it is, and comes out as it went in. */
guint
pli_convert_get_n_changes(const PliConvert *convert);

/* In the order of the parts; n from 0. */
const PliConvertChange *
pli_convert_get_change(const PliConvert *convert, guint n);

/* READY: the next octets of the result, valid until the next call; none at
 * its end. FAIL: *error of reading. Never WANT. */
PliStep
pli_convert_next(PliConvert *convert, PliSlice *ret_octets, GError **error);

PLI_END_DECLS

#endif
