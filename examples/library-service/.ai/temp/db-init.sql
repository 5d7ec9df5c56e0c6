CREATE TABLE loans (
    id BIGSERIAL PRIMARY KEY,
    book_id BIGINT NOT NULL,
    member_id BIGINT NOT NULL,
    due_on DATE NOT NULL,
    renewals SMALLINT NOT NULL DEFAULT 0 CHECK (renewals IN (0, 1))
);
