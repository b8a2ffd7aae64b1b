/* Design: what is made of the shim's arithmetic alone: rows in parts and passes, exp and log1p in vector registers.

   An exact sigmoid in registers costs less than a table look-up and needs neither a table nor the rule that
   skips updates at |logit| >= 6. */
#ifndef W2V_VEC_MATH_H
#define W2V_VEC_MATH_H

#ifndef VEC_FETCH_LEVEL
#define VEC_FETCH_LEVEL 2 /* of the cache that rows to come are fetched into (W2V_PREFETCH) */
#endif
#ifndef vec_moved
#define vec_moved vec_fma /* a b + c, where an output that streams past is moved (tile_row.h) */
#endif

/* The columns that are left over at a row's end. Four of them, as in rows of 100 or 500, have loads and stores of their own:
   what a masked store has written cannot be loaded before it has reached the cache, and masks cost instructions. For eight and
   twelve, which take two registers, it gained nothing. Tails of no column are neither loaded nor stored: shims need not
   bear them. */
#define VEC_NO_TAIL 0
#define VEC_SOME_TAIL 1
#define VEC_FOUR_TAIL 2
#define VEC_TAIL_KINDS 3 /* so that a number of vectors and a kind make one case label */

W2V_INLINE int vec_tail_kind(int64_t dimensions)
{
    const int64_t left = dimensions % VEC_LANES;
    return left == 0 ? VEC_NO_TAIL : left == 4 ? VEC_FOUR_TAIL : VEC_SOME_TAIL;
}

/* A whole vector, or a tail of a kind that the compiler knows. */
W2V_INLINE vec vec_load_part(const float *p, vec_tail tail, const int kind)
{
#if VEC_LANES > 4
    if (kind == VEC_FOUR_TAIL) return vec_load_four(p);
#endif
    return kind == VEC_SOME_TAIL ? vec_load_tail(p, tail) : vec_load(p);
}
W2V_INLINE void vec_store_part(float *p, vec a, vec_tail tail, const int kind)
{
#if VEC_LANES > 4
    if (kind == VEC_FOUR_TAIL) {
        vec_store_four(p, a);
        return;
    }
#endif
    if (kind == VEC_SOME_TAIL)
        vec_store_tail(p, a, tail);
    else
        vec_store(p, a);
}

/* Vectors of a row that one pass holds: two registers for each of them, one of a row that streams past and one factor are
   sixteen. Where there are thirty-two, longer passes gain nothing. */
#define VEC_MOST_HELD 7

/* pass(..., column, columns, kind) for all columns of a row, in passes of nearly equal length over `columns` vectors, the last
   of which is a tail of that kind: numbers that the compiler knows. */
#define VEC_PASSES(dimensions, pass, ...)                                                                    \
    do {                                                                                                     \
        const int64_t vectors = ((dimensions) + VEC_LANES - 1) / VEC_LANES;                                  \
        const int64_t passes = (vectors + VEC_MOST_HELD - 1) / VEC_MOST_HELD, most = (vectors + passes - 1) / passes; \
        for (int64_t done = 0; done < vectors; done += most) {                                               \
            const int64_t column = done * VEC_LANES, rest = vectors - done, count = rest < most ? rest : most; \
            switch (VEC_TAIL_KINDS * count + (rest == count ? vec_tail_kind(dimensions) : VEC_NO_TAIL)) {    \
                VEC_PASS(1, pass, __VA_ARGS__)                                                               \
                VEC_PASS(2, pass, __VA_ARGS__)                                                               \
                VEC_PASS(3, pass, __VA_ARGS__)                                                               \
                VEC_PASS(4, pass, __VA_ARGS__)                                                               \
                VEC_PASS(5, pass, __VA_ARGS__)                                                               \
                VEC_PASS(6, pass, __VA_ARGS__)                                                               \
                VEC_PASS(7, pass, __VA_ARGS__)                                                               \
            }                                                                                                \
        }                                                                                                    \
    } while (0)
#define VEC_PASS_OF(columns, kind, pass, ...)                                                                \
    case VEC_TAIL_KINDS * (columns) + (kind): pass(__VA_ARGS__, column, columns, kind); break;
#if VEC_LANES > 4
#define VEC_PASS(columns, pass, ...)                                                                         \
    VEC_PASS_OF(columns, VEC_NO_TAIL, pass, __VA_ARGS__)                                                     \
    VEC_PASS_OF(columns, VEC_SOME_TAIL, pass, __VA_ARGS__)                                                   \
    VEC_PASS_OF(columns, VEC_FOUR_TAIL, pass, __VA_ARGS__)
#else
#define VEC_PASS(columns, pass, ...)                                                                         \
    VEC_PASS_OF(columns, VEC_NO_TAIL, pass, __VA_ARGS__)                                                     \
    VEC_PASS_OF(columns, VEC_SOME_TAIL, pass, __VA_ARGS__)
#endif

/* exp(-|x|), and exp(-87) beyond 87: x log2 e = n + r with |r| <= 1/2, and 2^n p(r), p(r) = 2^r with a relative error of
   1.1e-7 at most (least squares, weighted anew until the greatest error is least). With the rounding of x log2 e the relative error is
   below 4e-7 for |x| up to 5, and grows with |x|, where the result is next to nothing: a sigmoid is off by 5e-8 more, at
   most. */
W2V_INLINE vec vec_exp_minus_abs(vec x)
{
    const vec t = vec_mul(vec_max(vec_minus_abs(x), vec_set1(-87.0f)), vec_set1(1.44269504f));
    const vec n = vec_round(t), r = vec_sub(t, n);
    vec p = vec_set1(0.00132647273f);
    p = vec_fma(p, r, vec_set1(0.00967151299f));
    p = vec_fma(p, r, vec_set1(0.0555073358f));
    p = vec_fma(p, r, vec_set1(0.240222424f));
    p = vec_fma(p, r, vec_set1(0.693147004f));
    p = vec_fma(p, r, vec_set1(1.0f));
    return vec_scale(p, n);
}

/* log(1 + x) for x in [0, 1], error below 2e-7: x q(x), q fitted to log1p(x) / x at Chebyshev nodes. */
W2V_INLINE vec vec_log1p(vec x)
{
    vec q = vec_set1(0.00525345793f);
    q = vec_fma(q, x, vec_set1(-0.0295885075f));
    q = vec_fma(q, x, vec_set1(0.0783616677f));
    q = vec_fma(q, x, vec_set1(-0.136747703f));
    q = vec_fma(q, x, vec_set1(0.191114306f));
    q = vec_fma(q, x, vec_set1(-0.248443693f));
    q = vec_fma(q, x, vec_set1(0.333192706f));
    q = vec_fma(q, x, vec_set1(-0.499995023f));
    q = vec_fma(q, x, vec_set1(1.0f));
    return vec_mul(q, x);
}
#endif
