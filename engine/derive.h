/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The structure of an edited message, without scanning it again.
 *
 * What comes out equals, octet for octet, the structure a fresh scan of the
 * edited message would give; bodies that no edit touched are not read. Of
 * pli_derive_prepend() only the octets put in are scanned.
 */
#ifndef PLI_ENGINE_DERIVE_H
#define PLI_ENGINE_DERIVE_H

#include "engine/edit.h"
#include "engine/limits.h"
#include "engine/structure.h"

PLI_BEGIN_DECLS

typedef enum {
	/* The inserted octets are no whole header fields ending in a line
	 * end. */
	PLI_DERIVE_ERROR_OCTETS,
	/* The inserted fields say something about the message (Content-Type,
	 * Subject ...): scan the result instead. */
	PLI_DERIVE_ERROR_MEANING,
	/* The structure is incomplete or at a limit, so that the edit may
	 * move what the limit cut: scan the result instead. */
	PLI_DERIVE_ERROR_LIMIT,
} PliDeriveError;

#define PLI_DERIVE_ERROR (pli_derive_error_quark())
GQuark
pli_derive_error_quark(void);

/*
 * The structure of `fields` followed by the message of `structure`.
 *
 * `fields` is one or more whole header fields, each with its line end, such
 * as the trace fields of RFC 5321 4.4. `limits` are those the scan had (NULL:
 * the default). The new structure is the caller's.
 */
PliStructure *
pli_derive_prepend(const PliStructure *structure, PliSlice fields,
                   const PliLimits *limits, GError **error);

/*
 * The structure of the result of an edit that is settled, at any time.
 *
 * It is scanned, but for bodies of leaves of which all that a scan could find
 * is known: that is headers, boundary lines, what stands between parts, and
 * what is put in. A body is read where not enough is known: when it was at a
 * limit, has another boundary around it, or the first NUL or bare CR of the
 * message lay before it and is gone. *ret_scanned, unless NULL, is how many
 * octets of the result were read. `limits` are those that the structure's scan
 * had (NULL: the default). FAIL of a source: NULL and *error.
 */
PliStructure *
pli_derive_edit(const PliEdit *edit, const PliLimits *limits,
                guint64 *ret_scanned, GError **error);

PLI_END_DECLS

#endif
