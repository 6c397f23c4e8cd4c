/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What to tell people of a defect beyond its sentence: what readers of mail
 * disagree about, and what to do.
 */
#ifndef PLI_ENGINE_DEFECT_ADVICE_H
#define PLI_ENGINE_DEFECT_ADVICE_H

#include "engine/defect.h"

PLI_BEGIN_DECLS

typedef struct {
	/* what other readers take instead; NULL unless the kind is
	 * PLI_DEFECT_AMBIGUITY */
	const char *readers;
	const char *remedy; /* for who runs a gateway, or wrote the sender */
} PliDefectAdvice;

/* NULL for a number that no defect has. */
const PliDefectAdvice *
pli_defect_advice_find(guint32 id);

PLI_END_DECLS

#endif
