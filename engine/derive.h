/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The structure of an edited message, without scanning it again.
 *
 * Only the octets put in are scanned. What comes out equals, octet for octet,
 * the structure a fresh scan of the edited message would give.
 */
#ifndef PLI_ENGINE_DERIVE_H
#define PLI_ENGINE_DERIVE_H

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

PLI_END_DECLS

#endif
