"""FID's network in plain functions of PyTorch, to compare with."""

import torch
from torch.nn import functional as f


class Reference:
    """The network of the published weights, arrays by their names."""

    def __init__(self, tensors, dtype=torch.float64):
        self.dtype = dtype
        self.w = {k: torch.tensor(v, dtype=dtype) for k, v in tensors.items()}

    def conv(self, x, name, stride=1, padding=0):
        w = self.w
        x = f.conv2d(x, w[f"{name}.conv.weight"], stride=stride, padding=padding)
        parts = ("running_mean", "running_var", "weight", "bias")
        mean, var, scale, shift = (w[f"{name}.bn.{p}"] for p in parts)
        return f.batch_norm(x, mean, var, scale, shift, eps=1e-3).relu()

    def averaged(self, x):
        return f.avg_pool2d(x, 3, 1, 1, count_include_pad=False)

    def joined(self, *x):
        return torch.cat(x, 1)

    def a(self, x, n):
        five = self.conv(self.conv(x, f"{n}.branch5x5_1"), f"{n}.branch5x5_2", 1, 2)
        three = self.conv(x, f"{n}.branch3x3dbl_1")
        three = self.conv(three, f"{n}.branch3x3dbl_2", 1, 1)
        three = self.conv(three, f"{n}.branch3x3dbl_3", 1, 1)
        pool = self.conv(self.averaged(x), f"{n}.branch_pool")
        return self.joined(self.conv(x, f"{n}.branch1x1"), five, three, pool)

    def b(self, x, n):
        three = self.conv(x, f"{n}.branch3x3dbl_1")
        three = self.conv(three, f"{n}.branch3x3dbl_2", 1, 1)
        three = self.conv(three, f"{n}.branch3x3dbl_3", 2)
        first = self.conv(x, f"{n}.branch3x3", 2)
        return self.joined(first, three, f.max_pool2d(x, 3, 2))

    def c(self, x, n):
        seven = self.conv(x, f"{n}.branch7x7_1")
        seven = self.conv(seven, f"{n}.branch7x7_2", 1, (0, 3))
        seven = self.conv(seven, f"{n}.branch7x7_3", 1, (3, 0))
        double = self.conv(x, f"{n}.branch7x7dbl_1")
        for i, padding in enumerate([(3, 0), (0, 3)] * 2, 2):
            double = self.conv(double, f"{n}.branch7x7dbl_{i}", 1, padding)
        pool = self.conv(self.averaged(x), f"{n}.branch_pool")
        return self.joined(self.conv(x, f"{n}.branch1x1"), seven, double, pool)

    def d(self, x, n):
        three = self.conv(self.conv(x, f"{n}.branch3x3_1"), f"{n}.branch3x3_2", 2)
        seven = self.conv(x, f"{n}.branch7x7x3_1")
        seven = self.conv(seven, f"{n}.branch7x7x3_2", 1, (0, 3))
        seven = self.conv(seven, f"{n}.branch7x7x3_3", 1, (3, 0))
        seven = self.conv(seven, f"{n}.branch7x7x3_4", 2)
        return self.joined(three, seven, f.max_pool2d(x, 3, 2))

    def e(self, x, n, pooled):
        three = self.conv(x, f"{n}.branch3x3_1")
        parts = [(f"{n}.branch3x3_2a", (0, 1)), (f"{n}.branch3x3_2b", (1, 0))]
        three = [self.conv(three, name, 1, padding) for name, padding in parts]
        double = self.conv(x, f"{n}.branch3x3dbl_1")
        double = self.conv(double, f"{n}.branch3x3dbl_2", 1, 1)
        parts = [(f"{n}.branch3x3dbl_3a", (0, 1)), (f"{n}.branch3x3dbl_3b", (1, 0))]
        double = [self.conv(double, name, 1, padding) for name, padding in parts]
        pool = self.conv(pooled, f"{n}.branch_pool")
        return self.joined(self.conv(x, f"{n}.branch1x1"), *three, *double, pool)

    def __call__(self, x):
        x = torch.tensor(x, dtype=self.dtype).permute(0, 3, 1, 2)
        x = self.conv(self.conv(x, "Conv2d_1a_3x3", 2), "Conv2d_2a_3x3")
        x = f.max_pool2d(self.conv(x, "Conv2d_2b_3x3", 1, 1), 3, 2)
        x = self.conv(self.conv(x, "Conv2d_3b_1x1"), "Conv2d_4a_3x3")
        x = f.max_pool2d(x, 3, 2)
        for name in ("Mixed_5b", "Mixed_5c", "Mixed_5d"):
            x = self.a(x, name)
        x = self.b(x, "Mixed_6a")
        for name in ("Mixed_6b", "Mixed_6c", "Mixed_6d", "Mixed_6e"):
            x = self.c(x, name)
        x = self.d(x, "Mixed_7a")
        x = self.e(x, "Mixed_7b", self.averaged(x))
        x = self.e(x, "Mixed_7c", f.max_pool2d(x, 3, 1, 1))
        features = x.mean((2, 3))
        return features.numpy(), (features @ self.w["fc.weight"].T).numpy()
