/**
 * Round dots as points of WebGL: one vertex each, where deck.gl's ScatterplotLayer has a square of four and a
 * projection of double precision. On a graphics card either is fast; drawn in software (headless browsers,
 * remote desktops) this is what keeps 65,536 dots fluid.
 */
import { Layer, type LayerProps, type OrthographicViewport, type UpdateParameters } from "@deck.gl/core";
import type { Buffer } from "@luma.gl/core";
import { Model } from "@luma.gl/engine";

export interface Dots {
  length: number;
  positions: Float32Array; // [n × 2]
  colors: Uint8Array; // [n × 4]
  radii: Float32Array; // [n], CSS pixels
}

const uniformBlock = /* glsl */ `\
layout(std140) uniform dotsUniforms {
  vec2 center;
  vec2 scale;
  float pixelRatio;
} dots;
`;

const dotsUniforms = {
  name: "dots",
  vs: uniformBlock,
  uniformTypes: { center: "vec2<f32>", scale: "vec2<f32>", pixelRatio: "f32" },
} as const;

const vs = /* glsl */ `\
#version 300 es
in vec2 position;
in vec4 color;
in float radius;
out vec4 shade;
out float size;
void main() {
  gl_Position = vec4((position - dots.center) * dots.scale, 0.0, 1.0);
  size = 2.0 * radius * dots.pixelRatio + 1.0; // a pixel more: the soft edge
  gl_PointSize = size;
  shade = color;
}
`;

const fs = /* glsl */ `\
#version 300 es
precision highp float;
in vec4 shade;
in float size;
out vec4 fragColor;
void main() {
  float fromEdge = size * (0.5 - length(gl_PointCoord - 0.5));
  fragColor = vec4(shade.rgb, shade.a * clamp(fromEdge, 0.0, 1.0));
}
`;

interface DotsLayerProps extends LayerProps {
  dots: Dots;
}

export class DotsLayer extends Layer<DotsLayerProps> {
  static override layerName = "DotsLayer";
  declare state: { model: Model; buffers: Buffer[] };

  override initializeState(): void {
    const model = new Model(this.context.device, {
      id: this.props.id,
      vs,
      fs,
      modules: [dotsUniforms],
      topology: "point-list",
      bufferLayout: [
        { name: "position", format: "float32x2" },
        { name: "color", format: "unorm8x4" },
        { name: "radius", format: "float32" },
      ],
      parameters: { depthCompare: "always", depthWriteEnabled: false },
    });
    this.setState({ model, buffers: [] });
  }

  override updateState({ props, oldProps }: UpdateParameters<this>): void {
    if (props.dots === oldProps.dots) return;
    for (const buffer of this.state.buffers) buffer.destroy();
    const { positions, colors, radii, length } = props.dots;
    const [position, color, radius] = [positions, colors, radii].map((data) => this.context.device.createBuffer({ data })) as [
      Buffer,
      Buffer,
      Buffer,
    ];
    this.state.model.setAttributes({ position, color, radius });
    this.state.model.setVertexCount(length);
    this.setState({ buffers: [position, color, radius] });
  }

  /** The dots use none of deck.gl's shader modules (lights, picking …): there is nothing to set in them. */
  override setShaderModuleProps(): void {}

  override draw(): void {
    const { target, zoom, width, height } = this.context.viewport as OrthographicViewport & { target: number[] };
    const scale = 2 ** ((zoom as number) + 1);
    this.state.model.shaderInputs.setProps({
      dots: {
        center: [target[0], target[1]],
        scale: [scale / width, scale / height],
        pixelRatio: this.context.device.canvasContext?.cssToDeviceRatio() ?? 1,
      },
    });
    this.state.model.draw(this.context.renderPass);
  }

  override finalizeState(context: this["context"]): void {
    super.finalizeState(context);
    for (const buffer of this.state.buffers) buffer.destroy();
    this.state.model.destroy();
  }
}
