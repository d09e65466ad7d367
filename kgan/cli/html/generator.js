"use strict";

// Each function gets a step of the program, the numbers of its inputs, the numbers of its
// output and a function that finds its weights. Each returns a function that computes the
// output, and makes no new array: the page computes many pictures a second.
const steps = {
  // Convolves images that are padded already. Four filters read each number together.
  convolution(step, [x], output, weights) {
    const {columns, channels, filters, height, width, down, across} = step;
    const size = height * width * channels, row = width * channels;
    const groups = Math.ceil(filters / 4);
    const kernel = new Float32Array(4 * groups * size), bias = new Float32Array(4 * groups);
    const given = weights("kernel");
    for (let filter = 0; filter < filters; filter++) {
      const start = 4 * size * (filter >> 2) + (filter & 3);
      for (let i = 0; i < size; i++) kernel[start + 4 * i] = given[filter * size + i];
    }
    bias.set(weights("bias"));
    const right = Math.floor((columns - width) / across) + 1;
    const below = Math.floor((step.rows - height) / down) + 1;
    return () => {
      let place = 0;
      for (let y = 0; y < below; y++) for (let left = 0; left < right; left++) {
        const corner = (y * down * columns + left * across) * channels;
        let k = 0;
        for (let group = 0; group < groups; group++) {
          const first = 4 * group;
          let a = bias[first], b = bias[first + 1], c = bias[first + 2], d = bias[first + 3];
          for (let line = 0; line < height; line++) {
            const start = corner + line * columns * channels;
            for (let i = start; i < start + row; i++, k += 4) {
              const value = x[i];
              a += value * kernel[k];
              b += value * kernel[k + 1];
              c += value * kernel[k + 2];
              d += value * kernel[k + 3];
            }
          }
          output[place++] = a;
          if (first + 1 < filters) output[place++] = b;
          if (first + 2 < filters) output[place++] = c;
          if (first + 3 < filters) output[place++] = d;
        }
      }
    };
  },
  // Puts pixels on zeros: padding, cropping, and gaps between pixels.
  spread(step, [x], output) {
    const {rows, columns, channels, starts, size, steps: [down, across]} = step;
    return () => {
      for (let y = 0; y < rows; y++) for (let left = 0; left < columns; left++) {
        const row = starts[0] + y * down, column = starts[1] + left * across;
        if (row < 0 || row >= size[0] || column < 0 || column >= size[1]) continue;
        const from = (y * columns + left) * channels, to = (row * size[1] + column) * channels;
        for (let i = 0; i < channels; i++) output[to + i] = x[from + i];
      }
    };
  },
  // Each new pixel is a weighted sum of old pixels along each axis.
  resampled(step, [x], output) {
    const {columns, channels, axes: [down, across]} = step;
    const height = down[0][0].length, width = across[0][0].length;
    const line = columns * channels, between = new Float32Array(height * line);
    return () => {
      between.fill(0);
      output.fill(0);
      for (const [old, shares] of down) for (let y = 0; y < height; y++) {
        const share = shares[y], from = old[y] * line, to = y * line;
        for (let i = 0; share && i < line; i++) between[to + i] += share * x[from + i];
      }
      for (const [old, shares] of across) for (let left = 0; left < width; left++) {
        const share = shares[left];
        for (let y = 0; share && y < height; y++) {
          const from = y * line + old[left] * channels, to = (y * width + left) * channels;
          for (let i = 0; i < channels; i++) output[to + i] += share * between[from + i];
        }
      }
    };
  },
  // The maximum over windows of 2x2 pixels.
  pooled(step, [x], output) {
    const {rows, columns, channels} = step, width = Math.ceil(columns / 2);
    return () => {
      output.fill(-Infinity);
      for (let y = 0; y < rows; y++) for (let left = 0; left < columns; left++) {
        const from = (y * columns + left) * channels;
        const to = ((y >> 1) * width + (left >> 1)) * channels;
        for (let i = 0; i < channels; i++) output[to + i] = Math.max(output[to + i], x[from + i]);
      }
    };
  },
  // Each place of the query gets a mixture of the values, by the softmax of its products
  // with the keys.
  attention(step, [query, key, value], output) {
    const {heads, scale, channels, width} = step, count = key.length / channels;
    const d = channels / heads, size = width / heads, scores = new Float32Array(count);
    return () => {
      output.fill(0);
      for (let place = 0; place < query.length / channels; place++) {
        for (let head = 0; head < heads; head++) {
          const from = place * channels + head * d, to = place * width + head * size;
          let largest = -Infinity, sum = 0;
          for (let k = 0; k < count; k++) {
            const start = k * channels + head * d;
            let product = 0;
            for (let i = 0; i < d; i++) product += query[from + i] * key[start + i];
            scores[k] = scale * product;
            largest = Math.max(largest, scores[k]);
          }
          for (let k = 0; k < count; k++) sum += scores[k] = Math.exp(scores[k] - largest);
          for (let k = 0; k < count; k++) {
            const share = scores[k] / sum, start = k * width + head * size;
            for (let i = 0; i < size; i++) output[to + i] += share * value[start + i];
          }
        }
      }
    };
  },
  // Scales the channels of each pixel to a mean square of 1.
  normalized(step, [x], output) {
    const {channels, epsilon, centered} = step;
    return () => {
      for (let start = 0; start < x.length; start += channels) {
        let sum = 0, squares = 0;
        for (let i = 0; centered && i < channels; i++) sum += x[start + i];
        const mean = sum / channels;
        for (let i = 0; i < channels; i++) squares += (x[start + i] - mean) ** 2;
        const scale = 1 / Math.sqrt(squares / channels + epsilon);
        for (let i = 0; i < channels; i++) output[start + i] = (x[start + i] - mean) * scale;
      }
    };
  },
  // A scale and an offset for each channel, chosen by the label if there is one.
  scaled(step, [x, label], output, weights) {
    const {channels} = step, scale = weights("scale"), offset = weights("offset");
    return () => {
      const row = label ? label[0] * channels : 0;
      for (let start = 0; start < output.length; start += channels) {
        for (let i = 0; i < channels; i++) {
          output[start + i] = x[start + i] * scale[row + i] + offset[row + i];
        }
      }
    };
  },
  basis(step, [x], output, weights) {
    const {channels} = step, basis = weights("basis");
    return () => {
      for (let i = 0; i < output.length; i++) output[i] = basis[i] * x[i % channels];
    };
  },
  // Styles: a reader of the page sets the truncation and the sum of the directions.
  truncated(step, [style, psi, move], output, weights) {
    const mean = weights("mean");
    return () => {
      for (let i = 0; i < output.length; i++) {
        output[i] = mean[i] + step.psi * psi[0] * (style[i] - mean[i]) + move[i];
      }
    };
  },
  // One number for all channels of a pixel.
  noise({channels}, [x], output, weights) {
    const noise = weights("noise");
    return () => {
      for (let i = 0, place = 0; i < noise.length; i++) {
        for (let k = 0; k < channels; k++, place++) output[place] = x[place] + noise[i];
      }
    };
  },
  constant(step, inputs, output, weights) {
    output.set(weights("constant"));
    return () => {};
  },
  row(step, [label], output, weights) {
    const table = weights("table"), length = output.length;
    return () => output.set(table.subarray(label[0] * length, (label[0] + 1) * length));
  },
  concatenate(step, inputs, output) {
    const {widths} = step, all = widths.reduce((a, b) => a + b);
    return () => {
      let place = 0;
      for (let i = 0; i < output.length / all; i++) inputs.forEach((x, k) => {
        for (let j = 0; j < widths[k]; j++) output[place++] = x[i * widths[k] + j];
      });
    };
  },
  // A part of the channels of each pixel.
  slice({channels, start, width}, [x], output) {
    return () => {
      for (let from = start, to = 0; to < output.length; from += channels, to += width) {
        for (let i = 0; i < width; i++) output[to + i] = x[from + i];
      }
    };
  },
  permuted({shape, order}, [x], output) {
    const steps = shape.map((_, axis) => shape.slice(axis + 1).reduce((a, b) => a * b, 1));
    const places = Int32Array.from(output, (_, i) => {
      let place = 0;
      for (const axis of [...order].reverse()) {
        place += i % shape[axis] * steps[axis];
        i = Math.floor(i / shape[axis]);
      }
      return place;
    });
    return () => {
      for (let i = 0; i < output.length; i++) output[i] = x[places[i]];
    };
  },
  // A shorter input repeats: for each pixel, or for each token.
  add: (step, inputs, output) => () => {
    output.fill(0);
    for (const x of inputs) for (let start = 0; start < output.length; start += x.length) {
      for (let i = 0; i < x.length; i++) output[start + i] += x[i];
    }
  },
  multiply: (step, inputs, output) => () => {
    output.fill(1);
    for (const x of inputs) for (let start = 0; start < output.length; start += x.length) {
      for (let i = 0; i < x.length; i++) output[start + i] *= x[i];
    }
  },
  leakyRelu: ({slope, gain}, [x], output) => () => {
    const below = gain * slope;
    for (let i = 0; i < output.length; i++) output[i] = (x[i] < 0 ? below : gain) * x[i];
  },
  inverseRoot: (step, [x], output) => () => {
    for (let i = 0; i < output.length; i++) output[i] = 1 / Math.sqrt(x[i]);
  },
  tanh: (step, [x], output) => () => {
    for (let i = 0; i < output.length; i++) output[i] = Math.tanh(x[i]);
  },
  sigmoid: (step, [x], output) => () => {
    for (let i = 0; i < output.length; i++) output[i] = 1 / (1 + Math.exp(-x[i]));
  },
  silu: (step, [x], output) => () => {
    for (let i = 0; i < output.length; i++) output[i] = x[i] / (1 + Math.exp(-x[i]));
  },
  elu: (step, [x], output) => () => {
    for (let i = 0; i < output.length; i++) output[i] = x[i] > 0 ? x[i] : Math.expm1(x[i]);
  },
  gelu: (step, [x], output) => () => {
    for (let i = 0; i < output.length; i++) output[i] = x[i] / 2 * (1 + erf(x[i] / Math.SQRT2));
  },
  softplus: (step, [x], output) => () => {
    for (let i = 0; i < output.length; i++) {
      output[i] = Math.max(x[i], 0) + Math.log1p(Math.exp(-Math.abs(x[i])));
    }
  },
};

// The error function, to 1.5e-7: Abramowitz and Stegun, 1964, formula 7.1.26.
function erf(x) {
  const t = 1 / (1 + 0.3275911 * Math.abs(x));
  const factors = [1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592];
  const rest = factors.reduce((sum, factor) => t * sum + factor, 0);
  return Math.sign(x) * (1 - t * rest * Math.exp(-x * x));
}

// Returns the numbers of a base64 text of float32.
function decoded(text) {
  const bytes = atob(text), view = new DataView(new ArrayBuffer(bytes.length));
  for (let i = 0; i < bytes.length; i++) view.setUint8(i, bytes.charCodeAt(i));
  const numbers = new Float32Array(bytes.length / 4);
  for (let i = 0; i < numbers.length; i++) numbers[i] = view.getFloat32(4 * i, true);
  return numbers;
}

// Returns a function of latents and a label, of the weight of the truncation and of the sum
// of the directions. The next call overwrites its result.
function makeGenerator(program) {
  const numbers = decoded(program.weights), length = program.latentDim;
  const z = new Float32Array(length), move = new Float32Array(length);
  const label = new Int32Array(1), weight = new Float32Array(1);
  const values = [z, label, weight, move];
  const computations = program.steps.map(step => {
    const output = new Float32Array(step.length);
    const weights = name => {
      const [start, length] = step.weights[name];
      return numbers.subarray(start, start + length);
    };
    const inputs = step.inputs.map(index => values[index]);
    values.push(output);
    return steps[step.name](step, inputs, output, weights);
  });
  return (latents, chosen = 0, psi = 1, directions = null) => {
    label[0] = chosen;
    weight[0] = psi;
    move.fill(0);
    if (directions) move.set(directions);
    for (let i = 0; i < length; i++) z[i] = latents[i];
    if (!program.hasStyles) for (let i = 0; i < length; i++) z[i] = psi * z[i] + move[i];
    for (const compute of computations) compute();
    return values[program.output];
  };
}
