/**
 * The direction of a vector's first `dimensions` values, as a vector of length 1. Of a model that was trained so
 * (https://arxiv.org/abs/2205.13147), a beginning stands for the whole once its length is 1 again.
 */
export function unitVector(values: ArrayLike<number>, dimensions = values.length): Float32Array {
  const kept = Float64Array.from({ length: dimensions }, (_, index) => values[index] ?? 0);
  const length = Math.hypot(...kept);
  return Float32Array.from(kept, (value) => (length === 0 ? 0 : value / length));
}
