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
  // Each new pixel is a sum of two old pixels along each axis.
  resampled(step, [x], output) {
    const {rows, columns, channels, axes: [down, across]} = step;
    const height = down[0].length, width = across[0].length;
    const between = new Float32Array(height * columns * channels);
    const line = columns * channels;
    return () => {
      for (let y = 0; y < height; y++) {
        const first = down[0][y] * line, second = down[1][y] * line;
        const a = down[2][y], b = down[3][y];
        for (let i = 0; i < line; i++) {
          between[y * line + i] = a * x[first + i] + b * x[second + i];
        }
      }
      for (let left = 0; left < width; left++) {
        const first = across[0][left] * channels, second = across[1][left] * channels;
        const a = across[2][left], b = across[3][left];
        for (let y = 0; y < height; y++) {
          const from = y * line, to = (y * width + left) * channels;
          for (let i = 0; i < channels; i++) {
            output[to + i] = a * between[from + first + i] + b * between[from + second + i];
          }
        }
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
  add: (step, inputs, output) => () => {
    for (let i = 0; i < output.length; i++) {
      let sum = 0;
      for (const x of inputs) sum += x[i];
      output[i] = sum;
    }
  },
  multiply: (step, inputs, output) => () => {
    for (let i = 0; i < output.length; i++) {
      let product = 1;
      for (const x of inputs) product *= x[i];
      output[i] = product;
    }
  },
  leakyRelu: ({slope}, [x], output) => () => {
    for (let i = 0; i < output.length; i++) output[i] = x[i] < 0 ? slope * x[i] : x[i];
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
  softplus: (step, [x], output) => () => {
    for (let i = 0; i < output.length; i++) {
      output[i] = Math.max(x[i], 0) + Math.log1p(Math.exp(-Math.abs(x[i])));
    }
  },
};

// Returns the numbers of a base64 text of float32.
function decoded(text) {
  const bytes = atob(text), view = new DataView(new ArrayBuffer(bytes.length));
  for (let i = 0; i < bytes.length; i++) view.setUint8(i, bytes.charCodeAt(i));
  const numbers = new Float32Array(bytes.length / 4);
  for (let i = 0; i < numbers.length; i++) numbers[i] = view.getFloat32(4 * i, true);
  return numbers;
}

// Returns a function of latents and a label, whose result the next call overwrites.
function makeGenerator(program) {
  const numbers = decoded(program.weights), label = new Int32Array(1);
  const values = [new Float32Array(program.latentDim), label];
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
  return (latents, chosen = 0) => {
    values[0].set(latents);
    label[0] = chosen;
    for (const compute of computations) compute();
    return values[program.output];
  };
}
