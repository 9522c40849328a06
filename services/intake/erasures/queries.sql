-- Statements of erasures.

-- name: erasures_listed
-- A page of the requests to erase parts, newest first, with the answer to the write that they are about; those about
-- severity 4 are kept from who heads the unit ($5, $6).
SELECT erasure.id::text, event::text, unit, parts, requester, requested_at, state, settlement::text, settled_at, write.answer
FROM intake.erasure JOIN intake.write ON write.id = erasure.event
WHERE erasure.id < $1 AND ($2::text IS NULL OR state = $2) AND ($3 OR unit = ANY($4::text[]))
  AND NOT (($5 OR unit = ANY($6::text[])) AND EXISTS (
      SELECT FROM intake.finding WHERE finding.unit = erasure.unit AND severity = 4
        AND erasure.event IN (finding.id, withdrawal, reply, decision)))
ORDER BY erasure.id DESC LIMIT $7;
